"""How far colours are apart: for all eyes, for eyes without one kind of cone, and on the terminals there are."""

from __future__ import annotations

RGB = tuple[float, float, float]

MACHADO = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""What eyes without one kind of cone see of linear RGB (Machado, Oliveira and Fernandes 2009, severity 1)."""

_XTERM = (
    "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
)
_WINDOWS = (
    "0c0c0c c50f1f 13a10e c19c00 0037da 881798 3a96dd cccccc 767676 e74856 16c60c f9f1a5 3b78ff b4009e 61d6d6 f2f2f2"
)
_OLD_WINDOWS = (
    "000000 800000 008000 808000 000080 800080 008080 c0c0c0 808080 ff0000 00ff00 ffff00 0000ff ff00ff 00ffff ffffff"
)
_MACOS = (
    "000000 990000 00a600 999900 0000b2 b200b2 00a6b2 bfbfbf 666666 e50000 00d900 e5e500 0000ff e500e5 00e5e5 e5e5e5"
)
_GNOME = (
    "171421 c01c28 26a269 a2734c 12488b a347ba 2aa1b3 d0cfcc 5e5c64 f66151 33da7a e9ad0c 2a7bde c061cb 33c7de ffffff"
)
_TANGO = (
    "2e3436 cc0000 4e9a06 c4a000 3465a4 75507b 06989a d3d7cf 555753 ef2929 8ae234 fce94f 729fcf ad7fa8 34e2e2 eeeeec"
)
_VGA = "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff"
_VSCODE = (
    "000000 cd3131 0dbc79 e5e510 2472c8 bc3fbc 11a8cd e5e5e5 666666 f14c4c 23d18b f5f543 3b8eea d670d6 29b8db e5e5e5"
)
_VSCODE_LIGHT = (
    "000000 cd3131 00bc00 949800 0451a5 bc05bc 0598bc 555555 666666 cd3131 14ce14 b5ba00 0451a5 bc05bc 0598bc a5a5a5"
)
_KITTY = (
    "000000 cc0403 19cb00 cecb00 0d73cc cb1ed1 0dcdcd dddddd 767676 f2201f 23fd00 fffd00 1a8fff fd28ff 14ffff ffffff"
)
_ITERM = (
    "000000 c91b00 00c200 c7c400 0225c7 ca30c7 00c5c7 c7c7c7 686868 ff6e67 5ffa68 fffc67 6871ff ff77ff 60fdff ffffff"
)

TERMINALS: dict[str, tuple[str, str, str]] = {
    "xterm": ("000000", "ffffff", _XTERM),
    "xterm -rv": ("ffffff", "000000", _XTERM),
    "Windows Terminal": ("cccccc", "0c0c0c", _WINDOWS),
    "Windows console before 2017": ("c0c0c0", "000000", _OLD_WINDOWS),
    "Windows console before 2017, black on white": ("000000", "ffffff", _OLD_WINDOWS),
    "macOS Terminal, Basic": ("000000", "ffffff", _MACOS),
    "macOS Terminal, Pro": ("f2f2f2", "000000", _MACOS),
    "GNOME, light": ("171421", "ffffff", _GNOME),
    "GNOME, dark": ("d0cfcc", "171421", _GNOME),
    "Tango, light": ("2e3436", "eeeeec", _TANGO),
    "Tango, dark": ("d3d7cf", "2e3436", _TANGO),
    "Ubuntu before 22.04": ("ffffff", "300a24", _TANGO),
    "Linux console, PuTTY": ("aaaaaa", "000000", _VGA),
    "VS Code, dark": ("cccccc", "1e1e1e", _VSCODE),
    "VS Code, light": ("333333", "ffffff", _VSCODE_LIGHT),
    "kitty": ("dddddd", "000000", _KITTY),
    "iTerm2": ("c7c7c7", "000000", _ITERM),
}
"""Text, ground and the sixteen colours, as they come. Schemes that are weak by themselves, such as Solarized (4.1 for
plain text), are left out: no choice of ours makes them better."""
FAINT = 2 / 3
"""How much of its light xterm, VTE, VS Code and Alacritty leave to text that is faint."""


def linear(colour: RGB) -> RGB:
    """Light of each channel, 0 to 1."""
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour))  # type: ignore[return-value]


def luminance(colour: RGB) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: RGB, other: RGB) -> float:
    """Contrast ratio (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def faint(text: RGB, ground: RGB, share: float = FAINT) -> RGB:
    """What becomes of text that is faint, where this share of its light stays."""
    return tuple(there + (here - there) * share for here, there in zip(text, ground, strict=True))  # type: ignore[return-value]


def lab(light: RGB) -> RGB:
    """CIE Lab under D65 of linear RGB."""
    red, green, blue = (min(max(v, 0.0), 1.0) for v in light)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def rgb(colour: str) -> RGB:
    """Channels of ``#rrggbb`` or ``rrggbb``."""
    digits = colour.removeprefix("#")
    return tuple(int(digits[at : at + 2], 16) for at in (0, 2, 4))  # type: ignore[return-value]
