# ruff: noqa: RUF001
"""What to put where something else belongs: values at edges, and what only looks like a value."""

from tests.reference.tree import Members, Node

ODD_NUMBERS = (
    *("0", "-0", "0.0", "-0.0", "0e5", "0e99999999999999999999", "0E-99999999999999999999"),
    *("1", "-1", "1.0", "1e3", "1E3", "1e+3", "1e-3", "1.5e1", "10e-1", "100000e-5", "-1e-3"),
    *("1e12", "10e11", "1e13", "999999999999", "1000000000000", "1000000000000.0"),
    *("1000000000000.000", "1000000000001", "1000000000000.00000000000000000000000001"),
    *("999999999999.9999999999999999999999999999", "999999999999.99999999999999999999999999"),
    *("1e-130", "1E-130", "0.1e-129", "0.1e-130", "9e-131", "10e-131", "1e-131", "1e-999"),
    *("0." + "0" * 129 + "1", "0." + "0" * 130 + "1", "12e-131", "1" + "0" * 50 + "e-180"),
    *("1" * 38, "0." + "1" * 38, "0." + "1" * 39, "1." + "1" * 37, "1." + "1" * 38),
    *("12345678901." + "2" * 27, "12345678901." + "2" * 28, "0." + "1" * 37 + "01"),
    *("1." + "0" * 38, "1." + "0" * 100, "100." + "0" * 4400, "0." + "1" * 38 + "0" * 30),
    *("0." + "0" * 5000 + "1e5001", "1" + "0" * 4200 + "e-4200", "1" + "0" * 20),
    *("1E400", "1e308", "1.7976931348623157e309", "-1E400", "5e-324", "2e-325", "1e-400"),
    *("1e2147483648", "1e-2147483648", "1e999999999999999999", "1e-999999999999999999"),
    *("1e1000000000000000000", "1e99999999999999999999999999", "1e-99999999999999999999999999"),
    *("1e" + "9" * 4301, "1e-" + "9" * 4301, "1e" + "0" * 4400 + "3", "1e-" + "0" * 20 + "2"),
    *("9" * 4300, "9" * 4301, "-" + "9" * 4300, "-" + "9" * 4301, "9" * 5000 + ".0"),
    *("9" * 4301 + "e0", "1." + "9" * 4301, "9007199254740993", "0.1", "0.30000000000000004"),
    *("18446744073709551616", "9223372036854775808", "-9223372036854775809", "3.14"),
)
NO_NUMBERS = (
    *("01", "-01", "00", "+1", ".5", "1.", "-", "1e", "1e+", "1.e3", "-.5", "0x10", "1_000"),
    *("NaN", "Infinity", "-Infinity", "-NaN", "nan", "inf", "1,000", "１", "٣", "1 000", "--1"),
    *("1e5.5", "0e", "1E", "true1", "-Inf"),
)
NO_VALUES = (
    *("tru", "TRUE", "True", "None", "undefined", "nul", "'a'", "", "/*c*/1", "//", "truefalse"),
    *("{", "}", "[", "]", "[1,]", "[,1]", '{"a":1,}', '{"a"}', "{a:1}", "{1:1}", '{"a":}', '"'),
    *('{"a" 1}', "[1 2]", '"a" "b"', "[1]]", "{}{}", "{null:1}", '{,"a":1}', "\\u0031"),
)
ODD_STRINGS = (
    *('"\\ud800"', '"\\udc00"', '"\\ud83d\\ude00"', '"\\ude00\\ud83d"', '"\\ud83d\\ud83d\\ude00"'),
    *('"\\ud83d\\\\ude00"', '"\\ud83dx\\ude00"', '"\\uD83D\\uDE00"', '"\\ud83d\\u0041"'),
    *('"\\ud83d\\n"', '"\\ud83d\\uD83D"', '"\\udbff\\udfff"', '"\\ud7ff\\ue000"'),
    *('"\\u0000"', '"\\u001f"', '"\\u007f"', '"\x7f"', '"\\uffff"', '"\\ufeff"', '"\ufeff"'),
    *('"\\u00"', '"\\u00g0"', '"\\u+041"', '"\\u 041"', '"\\u0x41"', '"\\U00000041"', '"\\x41"'),
    *('"\\a"', '"\\0"', '"\\v"', '"\\\'"', '"\\/"', '"\\b\\f\\n\\r\\t\\"\\\\"', '"\\"', '"\\\\\\"'),
    *('"a\tb"', '"a\x00b"', '"a\x1fb"', '"a\rb"', '"a\x0bb"', '"\x80"', '"\u2028"', '"\U0010ffff"'),
    *('"\udc80"', '"\udcff"', '"\udcc0\udc80"', '"\udced\udca0\udc80"', '"\udced\udcb0\udc80"'),
    *('"\udcf4\udc90\udc80\udc80"', '"\udcf0\udc9f\udc98"', '"\udce3\udc81"', '"\udcfe\udcff"'),
    *('"\udcef\udcbb\udcbf"', '"\udcf0\udc9f\udc98\udc80"', '"\udcf8\udc88\udc80\udc80\udc80"'),
    *('""', '" "', '"\\u0020"', '"\\u00a0"', '"\u00a0"', '"\u3000"', '"\\u2003x\\u2003"'),
    *('"\x1c"', '"\\u001c"', '"\\u001cx\\u001d"', '"\\u0085"', '"\u0085x\u0085"', '"\u200b"'),
    *('"\\u180e"', '"\\u1680x\\u205f"', '"\\u2028x\\u2029"', '"\\u000b\\u000c"', '"\\u2060"'),
)
ODD_VALUES: tuple[Node, ...] = (
    None, True, False, 0, 1, -1, 20260701, [], [[]], [None], ["text"], [""], [Members()],
    [Members([("text", "y")])], Members(), Members([("", "")]), Members([("text", "x")]),
    Members([("content", [])]), "", " ", "text", "null", "{}", "[]", "2026-07-01", "income",
    "sale", "1280", "x" * 2048, "x" * 2049, "é" * 1024, "é" * 1025, "😀" * 512, "😀" * 513,
    "é" * 1023 + "x", "é" * 1024 + "x",
)  # fmt: skip
ODD_DATES = (
    *("2026-02-29", "2024-02-29", "1900-02-29", "2000-02-29", "2026-13-01", "2026-00-10"),
    *("2026-01-00", "2026-01-32", "2026-04-31", "0000-01-01", "0001-01-01", "9999-12-31"),
    *("10000-01-01", "2026-1-1", "26-01-01", "20260101", "2026/01/01", "2026-01-01 "),
    *(" 2026-01-01", "2026-01-01T00:00:00", "2026-W01-1", "2026-001", "+026-01-01", "-026-01-01"),
    *("２０２６-01-01", "2026-01-0١", "2026-01-01\n", "2026‐01‐01", "2026-01-01\u0000", "1e3"),
    *("2026-01-1 ", "2026- 1-01", "202６-01-01", "1782864000", "2026-1-01", "2026-01-1"),
)
WHITE_SPACES = (
    *(" ", "\t", "\r", "\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x85"),
    *("\u00a0", "\u1680", "\u2000", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\ufeff"),
    *("\u200b", "\u180e", "\u2060", "\x00", "\x08"),
)
KEYS = (
    *("recordId", "customData", "modelInput", "modelOutput", "output", "error", "content", "text"),
    *("type", "message", "choices", "generation", "outputs", "amount", "date", "merchant"),
    *("custom_id", "response", "body", "status_code", "results", "outputText", "generations"),
    *("completion", "tool_calls", "toolUse", "input", "function", "arguments", "refusal"),
    *("category", "description", "errorCode", "errorMessage", "", " ", "RecordId", "recordid"),
    *("record\u0000Id", "recordId ", "\ufeffrecordId", "__proto__", "reçord", "😀", "0", "s3Key"),
    *("userId", "version", "status", "ttl"),
)
OPENINGS = (
    *("```", "```json", "```JSON", "```Json", "``` json", "```json ", "```jsonc", "```json5"),
    *("~~~", "~~~json", "````", "````json", "``", "`", "```javascript", "```json\\n", "'''"),
    *("```{}", " ```", "\ufeff```", "```\tjson", "```text", "```\u00a0"),
)
CLOSINGS = (
    *("```", "```", "```", "~~~", "````", "``", "` ``", "```.", "```json", " ```", "", "```\n```"),
)
NEWLINES = (
    *("\n", "\n", "\n", "\r\n", "\r", "", " \n", "\n\n", "\n ", "\u2028", "\x0b", "\x85", "\\n"),
)
ODD_TAGS = (
    *("<think>", "</think>", "<reasoning>", "</reasoning>", "<thinking>", "</thinking>", "<Think>"),
    *("</THINK>", "<think >", "< think>", "</think >", "<think/>", "<thinking", "think>"),
    *('<reasoning effort="low">', "<reason>", "</reason>", "<thought>", "◁think▷", "[THINK]"),
    *("<|channel|>analysis<|message|>", "&lt;think&gt;", "<think>\n\n</think>"),
    *("<think></thinking>", "<thinking></think>", "<reasoning><think></think></reasoning>"),
    "</think></think>",
)


_TOO_MANY: list[Node] = ["Too many tokens"]
_LENGTH: list[Node] = ["length"]
ERRORS: tuple[Node, ...] = (
    Members([("errorCode", 400), ("errorMessage", "no")]),
    Members([("errorCode", 424), ("errorMessage", "Too many requests"), ("retryable", True)]),
    Members([("code", "rate_limit"), ("message", "slow down"), ("type", "x"), ("param", None)]),
    Members([("message", "boom")]),
    Members([("type", "overloaded_error"), ("message", "Overloaded")]),
    Members([("error", Members([("code", 503), ("message", "later")]))]),
    *("Too many tokens", _TOO_MANY, True, False, None, 0, 1, "", Members()),
    [],
)
STOP_REASONS: tuple[Node, ...] = (
    *("end_turn", "stop_sequence", "max_tokens", "tool_use", "refusal", "pause_turn"),
    *("stop", "length", "content_filter", "tool_calls", "model_length", "FINISHED", "LENGTH"),
    *("CONTENT_FILTERED", "COMPLETE", "MAX_TOKENS", "ERROR_TOXIC", "ERROR_LIMIT", "ERROR"),
    *("content_filtered", "guardrail_intervened", "model_context_window_exceeded", "other"),
    *(None, 1, "", _LENGTH),
)
