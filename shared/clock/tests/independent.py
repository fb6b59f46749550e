"""The same deadlines written differently: python-dateutil for months, the holidays package for days off.

Reads one JSON question a line, writes one JSON answer a line. Test-only; started by independent.rs.
"""

import json
import sys
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from dateutil.relativedelta import relativedelta

SATURDAY = 5
# Days moved by yearly decree, which the calendars leave out on purpose.
DECREED = {
    "eu/hu": lambda day, name: "substituted from" in name or (day.month, day.day) == (12, 24),
    "eu/lv": lambda day, name: "substituted from" in name,
    "eu/bg": lambda day, name: "substituted from" in name,
    "eu/gr": lambda day, name: "Labor Day (observed)" in name and day.year != 2024,
}


@cache
def closed(calendar):
    """The holidays of a calendar as a set of dates."""
    kind, _, place = calendar.partition("/")
    years = range(2022, 2041)
    if kind == "weekends":
        return frozenset()
    if kind == "eu":
        days = holidays.country_holidays(place.upper(), years=years, language="en_US")
    elif kind == "uk":
        nation = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern-ireland": "NIR"}[place]
        days = holidays.country_holidays("GB", subdiv=nation, years=years)
    elif kind == "us":
        days = holidays.country_holidays("US", years=years)
    else:
        days = holidays.country_holidays("BR", years=years)
    decreed = DECREED.get(calendar, lambda day, name: False)
    return frozenset(day for day, name in days.items() if not decreed(day, name))


def is_off(day, calendar):
    return day.weekday() >= SATURDAY or day in closed(calendar)


def next_open(day, calendar):
    while is_off(day, calendar):
        day += timedelta(days=1)
    return day


def business_days(day, count, calendar):
    left = count
    while left:
        day += timedelta(days=1)
        left -= not is_off(day, calendar)
    return day


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def stop_days(pauses, reasons, zone):
    """Every local day on which the clock stood; the day a wait ends is not one."""
    days = set()
    for pause in pauses:
        if pause["reason"] in reasons:
            day = instant(pause["from"]).astimezone(zone).date()
            end = instant(pause["to"]).astimezone(zone).date()
            while day < end:
                days.add(day)
                day += timedelta(days=1)
    return days


def months_due(received, months, pauses, reasons, zone, calendar):
    due = received + relativedelta(months=months)
    stopped = stop_days(pauses, reasons, zone)
    for first in sorted(day for day in stopped if day - timedelta(days=1) not in stopped):
        if first > next_open(due, calendar):
            break
        back = first
        while back in stopped:
            back += timedelta(days=1)
        due = max(due, first) + (back - first)
    return next_open(due, calendar)


def answer(question):
    zone = ZoneInfo(question["zone"])
    received_at = instant(question["received_at"])
    received = received_at.astimezone(zone).date()
    calendar, extended, pauses = question["calendar"], question["extended"], question["pauses"]
    acknowledge = None
    match question["regime"]:
        case "gdpr":
            due = months_due(received, 3 if extended else 1, pauses, {"identity"}, zone, calendar)
        case "uk_gdpr":
            reasons = {"identity", "clarification", "fee"}
            due = months_due(received, 3 if extended else 1, pauses, reasons, zone, calendar)
        case "ccpa":
            due = received + relativedelta(days=90 if extended else 45)
            acknowledge = business_days(received, 10, calendar)
        case "ccpa_opt_out":
            due = business_days(received, 15, calendar)
        case "hipaa":
            due = received + relativedelta(days=60 if extended else 30)
        case "lgpd":
            due = received + relativedelta(days=15)
        case "breach":
            due_at = received_at + timedelta(hours=72)
            return told(due_at, due_at.astimezone(zone).date(), None)
    midnight = datetime.combine(due + timedelta(days=1), time(), zone)
    return told(midnight.astimezone(timezone.utc) - timedelta(seconds=1), due, acknowledge)


def told(due_at, due_on, acknowledge):
    return {
        "due_at": due_at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "due_on": due_on.isoformat(),
        "acknowledge_by": acknowledge and acknowledge.isoformat(),
    }


def days_off(question):
    day, days = date(question["from"], 1, 1), []
    while day.year <= question["until"]:
        if is_off(day, question["days_off"]):
            days.append(day.isoformat())
        day += timedelta(days=1)
    return days


for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps(days_off(asked) if "days_off" in asked else answer(asked)))
