"""What a file is, by its first bytes and its name; which files are never attached, and which are never opened."""

from __future__ import annotations

PLAIN = "application/octet-stream"
PROGRAM = "application/x-executable"
"""The media type of everything that a machine would run; the server refuses to carry it."""
HEAD = 512
"""Bytes from the beginning that `sniff` wants to see."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"MZ", PROGRAM),
    (b"\x7fELF", PROGRAM),
    (b"\xfe\xed\xfa\xce", PROGRAM),
    (b"\xfe\xed\xfa\xcf", PROGRAM),
    (b"\xce\xfa\xed\xfe", PROGRAM),
    (b"\xcf\xfa\xed\xfe", PROGRAM),
    (b"\xca\xfe\xba\xbe", PROGRAM),
    (b"#!", PROGRAM),
    (b"L\x00\x00\x00\x01\x14\x02\x00", PROGRAM),
)

_ENDINGS = """
    accda accdb accde accdr accdu acm action ade adp ahk apk app appcontent-ms appimage application appref-ms appx
    appxbundle asp aspx asx au3 bas bash bat bgi bin cab cer chm class cmd cnt com command cpl crt csh deb der
    desktop diagcab dll dmg dmp docm dot dotm elf exe fish flatpak flatpakref fxp gadget grp hlp hpj hta htc htm
    html img inf ins ipa iqy iso isp its jar jnlp job js jse jsp kdelnk ksh lib library-ms lnk lua mad maf mag mam
    maq mar mas mat mau mav maw mcf mda mdb mde mdt mdw mdz mht mhtml mobileconfig msc msh msh1 msh1xml msh2 msh2xml
    mshxml msi msix msixbundle msp mst msu ocx odb odc one onetoc2 ops oqy osd out pcd php pif pkg pl plg potm ppa
    ppam ppsm pptm prf prg printerexport ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psdm1 psm1 pst py pyc pyo pyw pyz pyzw
    rb reg rpm rqy run scf scpt scr sct search-ms service settingcontent-ms sh shb shs sldm slk snap so svg svgz swf
    sys tcl tcsh terminal theme timer tmp udl url vb vba vbe vbp vbs vhd vhdx vsmacros vsw webloc webpnp website wiz
    workflow ws wsb wsc wsf wsh xbap xht xhtml xla xlam xll xlm xlsb xlsm xlt xltm xlw xnk xpi xsl xslt zsh
"""
NEVER_OPENED = frozenset(_ENDINGS.split())
"""Endings that programs, scripts, shortcuts and office macros go by, and pages that bring scripts along."""


def sniff(head: bytes, claimed: str = PLAIN) -> str:
    """The media type of a file that begins so. `claimed` counts only for text, which has no mark of its own."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if claimed.startswith("text/") and _is_text(head):
        return "text/plain" if claimed in ("text/html", "text/javascript") else claimed
    return "text/plain" if head and _is_text(head) else PLAIN


def may_open(name: str, head: bytes) -> bool:
    """Whether another program may be asked to show the file. `name` is a safe name (`imi_core.filenames`)."""
    _, dot, ending = name.rpartition(".")
    if not dot or ending.lower() in NEVER_OPENED:
        return False
    # Old office files say nothing about their macros on the outside.
    return sniff(head) not in (PROGRAM, "application/x-ole-storage")


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The last character may be cut off.
        return error.reason == "unexpected end of data"
    return True
