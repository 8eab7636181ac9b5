"""A reference server for the tests, in Python: the command line and the methods of the real one."""

import argparse
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pkcs11


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("module", "token", "pin", "key", "mechanism", "size", "addr"):
        parser.add_argument(f"-{name}", required=True)
    options = parser.parse_args()
    token = pkcs11.lib(options.module).get_token(token_label=options.token)
    session = token.open(user_pin=options.pin)
    key: Any = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=options.key)
    mechanism, size = pkcs11.Mechanism(int(options.mechanism, 0)), int(options.size)

    def sign(body: bytes, _: Any) -> bytes:
        return bytes(key.sign(body, mechanism=mechanism))

    def batch(body: bytes, context: Any) -> bytes:
        pieces = [body[at : at + size] for at in range(0, len(body), size)]
        return b"".join(sign(piece, context) for piece in pieces)

    # One thread: the session signs one thing at a time.
    server = grpc.server(ThreadPoolExecutor(1))
    handlers: dict[str, Any] = {
        name: grpc.unary_unary_rpc_method_handler(do)
        for name, do in (("Sign", sign), ("Batch", batch))
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("ref.Signer", handlers)])
    server.add_insecure_port(options.addr)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
