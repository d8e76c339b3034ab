"""Cases out of this machine: a case file as PDF/A, lists as CSV and XLSX, both as JSON; marked and logged.

`service` is what screens and commands call; the others make bytes. The libraries for PDF and XLSX are imported when
such a file is made.
"""
