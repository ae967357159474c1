"""The printed report: what stands on its pages, and what it lets in."""

import io
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from starlette.testclient import TestClient

from tests.twin.incidents.house import go_wrong, got, serving, settings_of
from tests.twin.incidents.pictures import png
from twin.incidents import pdf
from twin.incidents.errors import ExportUnableError
from twin.incidents.style import quoted

NASTY = '</style><script>alert(1)</script><img src="http://example.test/x.png"> & "quoted" \\'


def pages(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    return [page.get_textpage().get_text_range() for page in document]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, str]]:
    with serving(settings_of(tmp_path_factory.mktemp("report"))) as client:
        began, ended, alarm = go_wrong(client)
        body = {"title": f"灯光故障 {NASTY}", "from": began, "to": ended, "alarm": alarm, "summary": NASTY}
        made = client.post("/api/incidents", json=body).json()
        path = f"/api/incidents/{made['id']}"
        picture = {"at": made["at"], "caption": "大厅 <b>"}
        headers = {"content-type": "image/png"}
        assert client.post(
            f"{path}/pictures", content=png(40, 30), headers=headers, params=picture
        ).is_success
        yield client, path


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "zh",
            [
                "小楼",
                "事件报告",
                "响应时间",
                "灯光过暗",
                "去看看",
                "已更换",
                "现场画面",
                "大厅 <b>",
                "65.5 %",
            ],
        ),
        ("en", ["Small house", "Incident report", "Response times", "Too dim", "Work verified", "65.5 %"]),
    ],
)
def test_the_document_says_what_happened(report: tuple[TestClient, str], lang: str, words: list[str]) -> None:
    client, path = report
    answer = client.post(f"{path}/report.pdf", params={"lang": lang})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert "incident-1.pdf" in answer.headers["content-disposition"]
    written = pages(answer.content)
    text = "\n".join(written).replace("\r\n", "\n")
    for word in words:
        assert word in text, word
    assert "alert(1)" in text, "what people write is text, whatever it looks like"
    last = (
        f"Page {len(written)} of {len(written)}"
        if lang == "en"
        else f"第 {len(written)} 页，共 {len(written)} 页"
    )
    assert last in written[-1]


def test_that_it_was_handed_out_is_written_down(report: tuple[TestClient, str]) -> None:
    client, path = report
    before = got(client, path)
    content = client.post(f"{path}/report.pdf").content
    events = got(client, "/api/events", type="incident.exported", newest_first=True, limit=1)["items"]
    assert (events[0]["actor"], events[0]["data"]["bytes"]) == ("person:dev", len(content))
    assert got(client, path)["version"] == before["version"], "handing out changes nothing in it"


def test_a_machine_without_pango_or_fonts_says_what_to_install(
    report: tuple[TestClient, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, path = report
    monkeypatch.setattr(pdf, "has_chinese_font", lambda: False)
    answer = client.post(f"{path}/report.pdf")
    assert (answer.status_code, answer.json()["reason"]) == (503, "font")
    assert "fonts-noto-cjk" in answer.json()["detail"]

    def absent() -> None:
        raise ExportUnableError(f"PDF needs Pango; {pdf.NEEDED}", "pango")

    monkeypatch.setattr(pdf, "_weasyprint", absent)
    answer = client.post(f"{path}/report.pdf")
    assert (answer.status_code, answer.json()["reason"]) == (503, "pango")
    assert "libpango" in answer.json()["detail"]


def test_a_report_fetches_nothing_but_its_own_pictures(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(png(9, 9))
    html = f'<img src="{secret.as_uri()}"><img src="http://127.0.0.1:9/x.png"><img src="picture:known">'
    with_one = pdf.pdf_of(html, {"known": png(20, 10)})
    found = [each for page in pypdfium2.PdfDocument(with_one) for each in page.get_objects()]
    assert [each.get_px_size() for each in found if isinstance(each, pypdfium2.PdfImage)] == [(20, 10)]


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\nb", "</style>", "事件"])
def test_a_css_string_cannot_be_left(text: str) -> None:
    inside = quoted(text)[1:-1]
    assert not set(inside) & set('"\n<>')
