"""Start signetctl."""

from signetd.cli.app import app


def main() -> None:
    """Run the command line."""
    app(prog_name="signetctl")


if __name__ == "__main__":
    main()
