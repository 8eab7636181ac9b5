"""Pictures for seals: 3 by 2 pixels (one 48 by 32) as Pillow 13.0.0 saved them, and drawings."""

import base64
import io
import zipfile

_SAVED = {
    "png": """
        iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAF0lEQVR4nGM8wQAFTAwMDOb//zMwMAAAGVUDARWQ
        FMoAAAAASUVORK5CYII=
    """,
    "png with alpha": """
        iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAACXBIWXMAAC4jAAAuIwF4pT92AAAAGElEQVR4nGM8
        wcDwnwEKmBgYGBjM/0P4ADhrBAAsNQGIAAAAAElFTkSuQmCC
    """,
    "jpg": """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQ
        c1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk
        pKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAACAAMDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAA
        AAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAk
        M2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKT
        lJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QA
        HwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdh
        cRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hp
        anN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk
        5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwCjdqFlUKAB5cZ4/wBwUUUVzHuLY//Z
    """,
    "jpg progressive": """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQ
        c1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk
        pKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wgARCAACAAMDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAA
        AAP/xAAVAQEBAAAAAAAAAAAAAAAAAAADBP/aAAwDAQACEAMQAAABgCu//8QAFRABAQAAAAAAAAAAAAAAAAAAAjH/
        2gAIAQEAAQUCV//EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQMBAT8Bf//EABQRAQAAAAAAAAAAAAAAAAAAAAD/
        2gAIAQIBAT8Bf//EABYQAAMAAAAAAAAAAAAAAAAAAAABgf/aAAgBAQAGPwKI/8QAFxAAAwEAAAAAAAAAAAAAAAAA
        AAER8P/aAAgBAQABPyFYkwj/2gAMAwEAAgADAAAAEAv/xAAWEQADAAAAAAAAAAAAAAAAAAAAATH/2gAIAQMBAT8Q
        UP/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQIBAT8Qf//EABgQAQADAQAAAAAAAAAAAAAAAAEAESFx/9oACAEB
        AAE/ECEALM5n/9k=
    """,
    "jpg with restarts": """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+AjIqgtObDoKra
        rYqMyP/L2u71////m8H////6/+b9//j/2wBDASstLTw1PHZBQXb4pYyl+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4
        +Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj4+Pj/wAARCAAgADADASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAA
        AAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAk
        M2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKT
        lJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QA
        HwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdh
        cRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hp
        anN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk
        5ebn6Onq8vP09fb3+Pn6/90ABAAB/9oADAMBAAIRAxEAPwCjRRTlXNYnpH//0KNFTrDmhocVjY9HmR//0aNFOZcU
        2sT0j//So1PAuTUFWrbqKxR6Etj/07cMORRNDgVZgHy0Tj5am2hrzPmP/9SCdcGoKtXPU1VrFnoR2P/Z
    """,
    "gif": """
        R0lGODdhAwACAIEAAP///8gAAAAAAAAAACwAAAAAAwACAAAICAADCAwAIEBAADs=
    """,
    "gif animated": """
        R0lGODlhAwACAIEAAP///8gAAAAAAAAAACH/C05FVFNDQVBFMi4wAwEAAAAsAAAAAAMAAgAACAgAAwgMACBAQAAh
        +QQBAAABACwAAAAAAwACAIEAAMgAAAAAAAAAAAAIBgABCBwYEAA7
    """,
    "bmp": """
        Qk1OAAAAAAAAADYAAAAoAAAAAwAAAAIAAAABABgAAAAAABgAAADEDgAAxA4AAAAAAAAAAAAAAADI////AADIAAAA
        AADIAADIAADIAAAA
    """,
}
SAVED = {name: base64.b64decode(text) for name, text in _SAVED.items()}
PNG = SAVED["png"]
SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 42 43">
  <style>.red { stroke: #c00; fill: url(#paint) }</style>
  <circle class="red" cx="21" cy="21" r="20" style="fill: url('#paint')"/>
</svg>"""
_OFD = "http://www.ofdspec.org/2016"
ENTRY = f"""<?xml version="1.0" encoding="UTF-8"?>
<ofd:OFD xmlns:ofd="{_OFD}" Version="1.0" DocType="OFD"><ofd:DocBody>
<ofd:DocInfo/><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"""
DOCUMENT = f"""<ofd:Document xmlns:ofd="{_OFD}"><ofd:CommonData><ofd:PageArea>
<ofd:PhysicalBox>0 0 42 42.5</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData></ofd:Document>"""


def ofd(
    entry: str = ENTRY, document: str = DOCUMENT, more: dict[str, bytes] | None = None
) -> bytes:
    """Return an OFD document with one page's size."""
    files: dict[str, str | bytes] = {"OFD.xml": entry, "Doc_0/Document.xml": document}
    return archive({**files, **(more or {})})


def archive(files: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in files.items():
            written.writestr(name, content)
    return out.getvalue()


OFD = ofd()
GOOD = {
    "PNG": PNG,
    "JPG": SAVED["jpg"],
    "GIF": SAVED["gif"],
    "BMP": SAVED["bmp"],
    "SVG": SVG,
    "ofd": OFD,
}
"""One for each kind, as the kind is written in a seal."""
