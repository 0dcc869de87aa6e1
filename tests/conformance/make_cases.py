#!/usr/bin/env python3
"""Writes own.json and the table of README.md: behaviour cases beside those that the peer was observed on.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt && venv/bin/python make_cases.py

Nothing here runs the card. What must leave is built by scapy from what the sentence in `verifies` says, so a case
cannot be wrong in the same way as the program that it is for. Sections are those of the study of the peer that the
sentences are from; a sentence of an RFC is named as such. Tests read own.json and need neither scapy nor a network.
"""

import json
from pathlib import Path

import scapy

from kit import Case
from topics import actions, arp, bum, fat, fragments, from_vm, learning, lookup, mirrors, nexthops, qos, tcp, traps, ttl

HERE = Path(__file__).parent
ABOUT = ("Cases of our own in the form of given.json, for sentences that the given cases do not reach. Expected frames "
         "were built by scapy from the sentence in `verifies`, never taken from a run of this project.")
START, END = "<!-- cases: written by make_cases.py -->\n", "<!-- end of cases -->\n"


def own_json():
    cases = Case.all
    names = [case["id"] for case in cases]
    assert len(set(names)) == len(names), "two cases have one name"
    return {"about": ABOUT, "generator": f"make_cases.py, scapy {scapy.__version__}", "count": len(cases),
            "cases": cases}


def text(file):
    """JSON with an object or a step a line, so that a change to a case is a few lines."""
    def rows(values):
        return ",\n".join("    " + json.dumps(value) for value in values)

    def one(case):
        head = ", ".join(f"{json.dumps(name)}: {json.dumps(case[name])}" for name in ("id", "topic", "verifies"))
        return f'  {{{head},\n   "config": [\n{rows(case["config"])}],\n   "steps": [\n{rows(case["steps"])}]}}'
    head = "".join(f' {json.dumps(name)}: {json.dumps(file[name])},\n' for name in ("about", "generator", "count"))
    return "{\n" + head + ' "cases": [\n' + ",\n".join(one(case) for case in file["cases"]) + "\n ]\n}\n"


def table():
    lines = ["| section | sentence | case |\n", "|---|---|---|\n"]
    lines += [f"| {case['topic']} | {case['verifies'].replace('|', '/')} | `{case['id']}` |\n" for case in Case.all]
    return "".join(lines)


def main():
    for topic in (from_vm, arp, traps, ttl, lookup, actions, tcp, fat, nexthops, bum, mirrors, qos, learning, fragments):
        topic.cases()
    file = own_json()
    assert json.loads(text(file)) == file
    (HERE / "own.json").write_text(text(file))
    readme = HERE / "README.md"
    before, rest = readme.read_text().split(START)
    _, after = rest.split(END)
    readme.write_text(before + START + table() + END + after)
    print(f"{len(Case.all)} cases")


if __name__ == "__main__":
    main()
