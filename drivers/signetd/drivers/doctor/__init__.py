"""The doctor: examines any PKCS#11 module and manages its tokens, in a process of its own.

``python -P -m signetd.drivers.doctor PARENT_PID`` reads one request from standard input and writes
lines of JSON: what it is at, each section of its report, an error or the end. It needs no daemon.
"""
