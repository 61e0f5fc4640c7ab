"""The sandbox, judged by the vendor's own SDK over real sockets."""
