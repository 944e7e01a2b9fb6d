"""The command line. Imports textual only to open a screen, the engine only to run without one."""

import sys
import time
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from core.domain.errors import CockpitError, ConfigError
from core.domain.facts import Mode
from core.domain.kill import KillLevel
from core.runtime.config import (
    Config,
    ScreenConfig,
    VenueKind,
    data_folder,
    load_config,
    load_key_file,
    paper_venues,
)
from core.runtime.launch import VERSION, Launch
from tui.cli_journal import add_to as add_journal_commands

WRONG: Final = 2
app = typer.Typer(
    name="wingman",
    help="A trading cockpit that lives in a terminal. Without a command: the simulation.",
    add_completion=True,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigPath = Annotated[Path | None, typer.Option("--config", help="Configuration file (TOML).")]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where journals, logs and the watchlist live.")
]
Theme = Annotated[str, typer.Option("--theme", help="Name of a theme; else as configured.")]
RestUrl = Annotated[
    str, typer.Option("--backpack-url", help="REST address of an exchange on this machine.")
]
WsUrl = Annotated[
    str, typer.Option("--backpack-ws-url", help="WebSocket address of the same exchange.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", help="Makes the embedded exchange's life repeatable.")
]
RecordTo = Annotated[
    Path | None, typer.Option("--record", help="Write the raw market frames to this file as well.")
]
Headless = Annotated[bool, typer.Option("--headless", help="Run without a screen.")]
ForSecs = Annotated[
    float, typer.Option("--for", min=0.1, help="With --headless: run this many seconds.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def _show_version(is_asked: bool) -> None:  # noqa: FBT001  the shape of a typer callback
    if is_asked:
        typer.echo(f"wingman {VERSION}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def simulation(  # noqa: PLR0913, PLR0917  one parameter an option of the command line
    context: typer.Context,
    version: Annotated[  # noqa: FBT002  a flag of the command line
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print it.")
    ] = False,
    config: ConfigPath = None,
    data_dir: DataDir = None,
    theme: Theme = "",
    backpack_url: RestUrl = "",
    backpack_ws_url: WsUrl = "",
    seed: Seed = None,
    record_to: RecordTo = None,
    headless: Headless = False,  # noqa: FBT002  a flag of the command line
    for_secs: ForSecs = 60.0,
    as_json: AsJson = False,  # noqa: FBT002  as above
) -> None:
    """Open the cockpit on the embedded exchange: no account, no network, always SIMULATION."""
    del version
    if context.invoked_subcommand is not None:
        return
    settings = load_config(config)
    _both_or_none(backpack_url, backpack_ws_url)
    launch = Launch(
        mode=Mode.SIMULATION,
        config=settings,
        data_dir=_made(data_folder(data_dir)),
        seed=_seed(seed),
        rest_url=backpack_url,
        ws_url=backpack_ws_url,
        record_to="" if record_to is None else str(record_to),
    )
    _run(launch, settings, theme, for_secs if headless else None, as_json=as_json)


@app.command()
def paper(  # noqa: PLR0913, PLR0917  one parameter an option of the command line
    config: ConfigPath = None,
    data_dir: DataDir = None,
    theme: Theme = "",
    backpack_url: RestUrl = "",
    backpack_ws_url: WsUrl = "",
    seed: Annotated[int | None, typer.Option("--seed", help="Draws the latencies.")] = None,
    record_to: RecordTo = None,
    headless: Headless = False,  # noqa: FBT002  a flag of the command line
    for_secs: ForSecs = 60.0,
    as_json: AsJson = False,  # noqa: FBT002  as above
) -> None:
    """Trade on PAPER: live public data of the configured venues, orders matched here."""
    settings = load_config(config)
    _both_or_none(backpack_url, backpack_ws_url)
    launch = Launch(
        mode=Mode.PAPER,
        config=settings,
        data_dir=str(data_folder(data_dir)),
        seed=_seed(seed),
        rest_url=backpack_url,
        ws_url=backpack_ws_url,
        record_to="" if record_to is None else str(record_to),
    )
    paper_venues(settings, backpack_url, backpack_ws_url)
    _made(Path(launch.data_dir))
    _run(launch, settings, theme, for_secs if headless else None, as_json=as_json)


@app.command()
def replay(
    recordings: Annotated[
        list[str],
        typer.Argument(help="VENUE=FILE or own recordings; merged on their clock."),
    ],
    config: ConfigPath = None,
    data_dir: DataDir = None,
    theme: Theme = "",
    speed: Annotated[
        float,
        typer.Option("--speed", min=0, help="Multiple of its own speed; 0: full."),
    ] = 1.0,
    headless: Headless = False,  # noqa: FBT002  a flag of the command line
    as_json: AsJson = False,  # noqa: FBT002  as above
) -> None:
    """Play recordings through the same engine and the same screens."""
    from core.runtime.replay import parse_choice  # noqa: PLC0415  codecs, only needed here

    settings = load_config(config)
    launch = Launch(
        mode=Mode.REPLAY,
        config=settings,
        data_dir=_made(data_folder(data_dir)),
        recordings=tuple(parse_choice(text) for text in recordings),
        speed=speed,
    )
    _run(launch, settings, theme, 0.0 if headless else None, as_json=as_json)


@app.command()
def record(
    out: Annotated[Path, typer.Option("--out", help="File to write, such as day.tslog.gz.")],
    symbols: Annotated[str, typer.Option("--symbols", help="Markets, separated by commas.")],
    venue_kind: Annotated[
        VenueKind, typer.Option("--venue", help="Which exchange's public streams.")
    ] = VenueKind.BACKPACK,
    for_secs: Annotated[
        float | None, typer.Option("--for", min=0.1, help="Seconds; until Ctrl+C without it.")
    ] = None,
    backpack_url: RestUrl = "",
    backpack_ws_url: WsUrl = "",
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
) -> None:
    """Write raw frames of live markets to a file that `wingman replay FILE` plays."""
    import asyncio  # noqa: PLC0415  heavy imports wait for their command

    from core.runtime.logs import set_up_logging  # noqa: PLC0415  as above
    from core.runtime.recording_run import record as run_record  # noqa: PLC0415  as above

    set_up_logging(None)
    launch = Launch(
        mode=Mode.PAPER,
        config=Config(),
        data_dir="",
        rest_url=backpack_url,
        ws_url=backpack_ws_url,
        record_to=str(out),
    )
    wanted = tuple(symbol.strip() for symbol in symbols.split(",") if symbol.strip())
    summary = asyncio.run(run_record(launch, venue_kind, wanted, for_secs))
    typer.echo(_json(summary) if as_json else _table(summary))


@app.command()
def venue(
    seed: Seed = None,
    speed: Annotated[float, typer.Option("--speed", min=0.01, help="Speed of its clock.")] = 1.0,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 0,
    faults: Annotated[
        Path | None, typer.Option("--faults", help="File that switches faults on (TOML or JSON).")
    ] = None,
    strict: Annotated[  # noqa: FBT002  a flag of the command line
        bool,
        typer.Option("--strict", help="Refuse what the real exchange refuses: rate limits too."),
    ] = False,
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
) -> None:
    """Serve the embedded exchange on this machine: any Backpack client can trade on it."""
    import asyncio  # noqa: PLC0415  heavy imports wait for their command

    from core.exchange.embedded.faults import BadFaultError  # noqa: PLC0415  as above
    from core.exchange.embedded.server import PortInUseError, run_venue  # noqa: PLC0415  as above

    try:
        asyncio.run(
            run_venue(
                seed=_seed(seed),
                speed=speed,
                port=port,
                as_json=as_json,
                faults=faults,
                strict=strict,
            )
        )
    except BadFaultError as error:
        raise ConfigError("faults file cannot be used", str(error)) from error
    except PortInUseError as error:
        raise ConfigError("port is in use", str(port), "Choose another --port, or 0") from error


@app.command()
def kill(
    level: Annotated[
        KillLevel,
        typer.Option(
            "--level",
            help="K0 pause, K1 reduce, K2 halt, K3 flatten, K4 sever.",
            case_sensitive=False,
        ),
    ] = KillLevel.HALT,
    config: ConfigPath = None,
    data_dir: DataDir = None,
    backpack_url: RestUrl = "",
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
) -> None:
    """Stop trading from another terminal, also when the engine hangs; shows proof or says why."""
    from core.runtime.kill.command import kill_now, progress_line  # noqa: PLC0415  heavy

    def tell(progress: Any) -> None:
        if not as_json:
            typer.echo(progress_line(progress))

    settings = load_config(config)
    outcome = kill_now(level, settings, data_folder(data_dir), backpack_url, tell)
    summary = msgspec.to_builtins(outcome)
    typer.echo(_json(summary) if as_json else _table(summary))
    raise typer.Exit(1 if outcome.proven is False else 0)


@app.command()
def doctor(
    config: ConfigPath = None,
    data_dir: DataDir = None,
    backpack_url: RestUrl = "",
    backpack_ws_url: WsUrl = "",
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
) -> None:
    """Check network, clock, key, disk and terminal: what is wrong and what to do."""
    from tui.doctor import run_doctor  # noqa: PLC0415  heavy imports wait for their command

    settings = load_config(config)
    key_file = next((venue.key_file for venue in settings.venues if venue.key_file), "")
    keys = load_key_file(Path(key_file).expanduser(), None) if key_file else None
    run_doctor(backpack_url, backpack_ws_url, data_folder(data_dir), keys, as_json=as_json)


@app.command()
def klines(
    symbol: Annotated[str, typer.Argument(help="A market, such as SOL_USDC_PERP.")],
    interval: Annotated[str, typer.Argument(help="1s, 1m, 15m, 1h, 1d, 1w, 1month ...")],
    since: Annotated[
        str, typer.Option("--since", help="ISO time with zone, date, or how long ago: 36h, 2d.")
    ] = "1d",
    until: Annotated[str, typer.Option("--until", help="The same; the venue's now if empty.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
    backpack_url: Annotated[str, typer.Option("--backpack-url", help="REST address.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Print candles of any range: every bucket once, in UTC, quiet ones without prices."""
    from core.exchange.backpack.candle_source import network_candles  # noqa: PLC0415  heavy
    from tui.klines import KlinesQuestion, run_klines  # noqa: PLC0415  as above

    question = KlinesQuestion(
        symbol=symbol,
        interval=interval,
        since=since,
        until=until,
        as_csv=as_csv,
        as_json=as_json,
        url=backpack_url,
        folder=data_folder(data_dir),
    )
    raise typer.Exit(run_klines(question, network_candles))


@app.command()
def analyze(  # noqa: PLR0913, PLR0917  one parameter an option of the command line
    symbol: Annotated[str, typer.Argument(help="A market, such as SOL_USDC_PERP.")] = "",
    venue_kind: Annotated[
        VenueKind | None,
        typer.Option("--venue", help="Whose public streams; the exchange in the box without it."),
    ] = None,
    for_secs: Annotated[
        float, typer.Option("--for", min=0.1, max=3_600, help="Listen for this many seconds.")
    ] = 10.0,
    recordings: Annotated[
        list[str] | None,
        typer.Option("--replay", help="VENUE=FILE, a recording instead; may be repeated."),
    ] = None,
    at: Annotated[
        str,
        typer.Option("--at", help="With --replay: 2024-08-08T23:57:00Z, 23:57, or 90s into it."),
    ] = "",
    seed: Seed = None,
    backpack_url: RestUrl = "",
    backpack_ws_url: WsUrl = "",
    as_json: AsJson = False,  # noqa: FBT002  a flag of the command line
) -> None:
    """Print every number of one market: depth, flow, profile, trend, pairs, funding."""
    from core.runtime.logs import set_up_logging  # noqa: PLC0415  heavy imports wait
    from tui.analyze import AnalyzeQuestion, run_analyze  # noqa: PLC0415  as above

    set_up_logging(None)
    question = AnalyzeQuestion(
        symbol=symbol,
        kind=VenueKind.BACKPACK if backpack_url and venue_kind is None else venue_kind,
        rest_url=backpack_url,
        ws_url=backpack_ws_url,
        seed=_seed(seed),
        secs=for_secs,
        recordings=tuple(recordings or ()),
        at=at,
        as_json=as_json,
    )
    raise typer.Exit(run_analyze(question))


add_journal_commands(app)


def main() -> None:
    """Run the command line; a wrong input is one sentence and exit code 2."""
    try:
        app()
    except CockpitError as error:
        typer.echo(f"wingman: {error}", err=True)
        sys.exit(WRONG)
    except KeyboardInterrupt:
        sys.exit(130)


# ---- parts -------------------------------------------------------------------------------------


def _run(
    launch: Launch, settings: Config, theme: str, headless_secs: float | None, *, as_json: bool
) -> None:
    if headless_secs is None:
        _cockpit(launch, theme or settings.screen.theme, settings.screen)
        return
    summary = _headless(launch, headless_secs)
    typer.echo(_json(summary) if as_json else _table(summary))


def _headless(launch: Launch, secs: float) -> dict[str, Any]:
    import asyncio  # noqa: PLC0415  heavy imports wait for their command

    from core.runtime.headless import run_headless  # noqa: PLC0415  as above
    from core.runtime.logs import set_up_logging  # noqa: PLC0415  as above

    ring = set_up_logging(Path(launch.data_dir) / "logs")
    return asyncio.run(run_headless(launch, secs, ring))


def _cockpit(launch: Launch, theme: str, screen: ScreenConfig) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "no terminal to draw on", "input or output is not a terminal", "Use --headless"
        )
    from core.runtime.engine_start import EngineProcess  # noqa: PLC0415  before the screen's

    engine = EngineProcess(launch)
    _draw(engine, theme, screen)
    engine.wait(15.0)


def _draw(engine: Any, theme: str, screen: ScreenConfig) -> None:
    from core.runtime.link_client import SocketLink  # noqa: PLC0415  after the engine started
    from core.runtime.logs import set_up_logging  # noqa: PLC0415  as above
    from tui.app import Cockpit  # noqa: PLC0415  textual, only to open a screen
    from tui.terminal import leave_on_signals, watch_terminal  # noqa: PLC0415  as above

    set_up_logging(None)
    watch_terminal(sys.stdin.fileno())
    cockpit = Cockpit(
        SocketLink(engine.socket), theme=theme, frame_hz=screen.frames_per_sec, trip=engine.trip
    )
    cockpit.attention = screen.notify
    leave_on_signals(cockpit.leave_now)
    cockpit.run()


def _both_or_none(rest_url: str, ws_url: str) -> None:
    if bool(rest_url) != bool(ws_url):
        raise ConfigError(
            "both addresses are needed",
            "--backpack-url and --backpack-ws-url go together",
            "`wingman venue` prints both",
        )


def _seed(given: int | None) -> int:
    """Return the seed asked for, or one of this moment's: every run lives another life."""
    return time.time_ns() % 2**31 if given is None else given


def _made(folder: Path) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(
            "data directory cannot be made", f"{folder}: {error.strerror}", "Choose --data-dir"
        ) from error
    return str(folder.resolve())


def _json(summary: dict[str, Any]) -> str:
    return msgspec.json.encode(summary).decode()


def _table(summary: dict[str, Any]) -> str:
    width = max(len(key) for key in summary)
    return "\n".join(f"{key:{width}}  {_plain(value)}" for key, value in summary.items())


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in value.items())
    return str(value)


if __name__ == "__main__":
    main()
