"""Functions of times as RFC 3339 writes them. The calendar is Gregory's for all years, as in Go."""

from __future__ import annotations

import re
from fractions import Fraction

from reconciler.hcl.faults import Fault
from reconciler.hcl.functions.signatures import function, text
from reconciler.hcl.values import Value
from reconciler.records import dataclass

_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_DURATION = re.compile(r"([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)
_PART = re.compile(r"(\d+\.?\d*|\.\d+)([a-zµμ]+)", re.ASCII)
_SECOND = 1_000_000_000
_UNITS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000,
    "s": _SECOND, "m": 60 * _SECOND, "h": 3600 * _SECOND,
}  # fmt: skip
_DAY = 86_400
_LONGEST = 1 << 63
"""Nanoseconds: Go counts a duration in 64 bits."""

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_TOKEN = re.compile(r"''|'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time: nanoseconds since 1970 in UTC, and the offset of the zone that it is written in, in minutes."""

    nanoseconds: int
    offset: int

    def local(self) -> tuple[int, int]:
        """Give the days since 1970 and the seconds of the day, in the zone."""
        return divmod(self.nanoseconds // _SECOND + self.offset * 60, _DAY)


def parse(given: str, argument: int) -> Moment:
    """Read a time. Raises Fault, naming the argument."""
    match = _FORM.fullmatch(given)
    if match is None:
        raise Fault(
            'a time is required as RFC 3339 writes it, such as "2030-12-31T23:59:59Z"', argument=argument
        )
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    zone_hours, zone_minutes = int(match[9] or 0), int(match[10] or 0)
    within = 1 <= month <= 12 and 1 <= day <= _length(year, month)
    if not within or hour > 23 or minute > 59 or second > 59 or zone_hours > 24 or zone_minutes > 59:
        raise Fault("there is no such day or time of day", argument=argument)
    offset = (zone_hours * 60 + zone_minutes) * (-1 if match[8] == "-" else 1)
    fraction = int((match[7] or "0")[:9].ljust(9, "0"))
    seconds = _day_number(year, month, day) * _DAY + hour * 3600 + minute * 60 + second - offset * 60
    return Moment(seconds * _SECOND + fraction, offset)


def written(moment: Moment) -> str:
    """Write a time in its zone, without fractions of a second."""
    days, seconds = moment.local()
    year, month, day = _date(days)
    hour, minute, second = seconds // 3600, seconds // 60 % 60, seconds % 60
    return (
        f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{_zone(moment.offset, ':') or 'Z'}"
    )


def _zone(offset: int, colon: str) -> str:
    if not offset:
        return ""
    return f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}{colon}{abs(offset) % 60:02}"


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _length(year: int, month: int) -> int:
    return 29 if month == 2 and _leap(year) else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _day_number(year: int, month: int, day: int) -> int:
    """Count the days from 1970-01-01, in years that begin with March so that leap days come last."""
    shifted, months = (year, month - 3) if month > 2 else (year - 1, month + 9)
    return (
        365 * shifted
        + shifted // 4
        - shifted // 100
        + shifted // 400
        + (153 * months + 2) // 5
        + day
        - 719_469
    )


def _date(days: int) -> tuple[int, int, int]:
    """Give the date of a count of days from 1970-01-01: the inverse of `_day_number`."""
    year = 1970 + days * 400 // 146_097
    while _day_number(year, 1, 1) > days:
        year -= 1
    while _day_number(year + 1, 1, 1) <= days:
        year += 1
    month = next(month for month in range(12, 0, -1) if _day_number(year, month, 1) <= days)
    return year, month, days - _day_number(year, month, 1) + 1


def formatdate(form: str, time: str) -> Value:
    """Write a time by a form of letters: `YYYY`, `MM`, `DD`, `hh`, `mm`, `ss`, `Z` and their kin; `'` quotes."""
    moment = parse(time, 1)
    parts: list[str] = []
    for match in _TOKEN.finditer(form):
        letters = match[0]
        if letters == "''":
            parts.append("'")
        elif letters[0] == "'":
            if len(letters) == 1:
                raise Fault("a quote is not closed", argument=0)
            parts.append(letters[1:-1].replace("''", "'"))
        elif match[1]:
            parts.append(_letters(letters, moment))
        else:
            parts.append(letters)
    return "".join(parts)


def _letters(letters: str, moment: Moment) -> str:
    days, seconds = moment.local()
    year, month, day = _date(days)
    weekday, hour = _DAYS[(days + 4) % 7], seconds // 3600
    zone = _zone(moment.offset, "")
    match letters:
        case "YY":
            return f"{year % 100:02}"
        case "YYYY":
            return f"{year:04}"
        case "MMM" | "MMMM":
            return _MONTHS[month - 1][: 3 if len(letters) == 3 else None]
        case "EEE" | "EEEE":
            return weekday[: 3 if len(letters) == 3 else None]
        case "AA" | "aa":
            half = "am" if hour < 12 else "pm"
            return half.upper() if letters == "AA" else half
        case "Z":
            return _zone(moment.offset, ":") or "Z"
        case "ZZZ":
            return zone or "UTC"
        case "ZZZZ":
            return zone or "+0000"
        case "ZZZZZ":
            return _zone(moment.offset, ":") or "+00:00"
    counts = {
        "M": month,
        "D": day,
        "h": hour,
        "H": hour % 12 or 12,
        "m": seconds // 60 % 60,
        "s": seconds % 60,
    }
    if letters[0] not in counts or len(letters) > 2:
        raise Fault(
            f"{letters} stands for no part of a time; quote what is to be written as it is", argument=0
        )
    return f"{counts[letters[0]]:0{len(letters)}}"


def timeadd(time: str, duration: str) -> Value:
    """Add a duration, such as `1h30m` or `-1.5s`, to a time."""
    moment = parse(time, 0)
    return written(Moment(moment.nanoseconds + _nanoseconds(duration), moment.offset))


def _nanoseconds(duration: str) -> int:
    if duration.lstrip("+-") == "0" and len(duration) <= 2:
        return 0
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise Fault('a duration is required, such as "1h30m" (units: ns, us, ms, s, m, h)', argument=1)
    total = sum(int(Fraction(f"0{count}") * _UNITS[unit]) for count, unit in _PART.findall(match[2]))
    if total >= _LONGEST:
        raise Fault("the duration is longer than 292 years", argument=1)
    return -total if match[1] == "-" else total


def timecmp(left: str, right: str) -> Value:
    """Compare two times: -1 where the first is earlier, 1 where it is later, else 0."""
    first, second = parse(left, 0).nanoseconds, parse(right, 1).nanoseconds
    return (first > second) - (first < second)


FUNCTIONS = (
    function("formatdate", formatdate, text("format"), text("time")),
    function("timeadd", timeadd, text("timestamp"), text("duration")),
    function("timecmp", timecmp, text("timestamp_a"), text("timestamp_b")),
)
