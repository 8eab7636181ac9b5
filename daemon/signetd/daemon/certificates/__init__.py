"""Certificates of keys: asked for, taken in, watched until they expire."""

from signetd.daemon.certificates.requests import CertificateRequests
from signetd.daemon.certificates.service import KeptCertificate, KeyCertificates
from signetd.daemon.certificates.watch import ExpiryWatch

__all__ = ["CertificateRequests", "ExpiryWatch", "KeptCertificate", "KeyCertificates"]
