# SPDX-License-Identifier: Apache-2.0
"""`answerable completion`: scripts for bash, zsh and fish, written from the parser itself."""

from __future__ import annotations

import argparse
from typing import Final

from answerable.cli.parser import Parser
from answerable.cli.verbs import VERBS

EXAMPLES: Final = """\
  source <(answerable completion bash)
  answerable completion zsh > ~/.zfunc/_answerable
  answerable completion fish > ~/.config/fish/completions/answerable.fish
"""
SHELLS: Final = ("bash", "zsh", "fish")


def add(parser: Parser) -> None:
    parser.examples = EXAMPLES
    parser.add_argument("shell", choices=SHELLS)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    text = script(args.shell, words())
    print(text if not args.json else __import__("json").dumps({"shell": args.shell, "script": text}))
    return 0


def words() -> dict[str, list[str]]:
    """ "verb" or "verb sub" -> what may follow it: options and subcommands. "" -> the verbs."""
    from answerable.cli.command import tree

    found: dict[str, list[str]] = {}
    _walk(tree(tuple(VERBS)), "", found)
    return found


def _walk(parser: argparse.ArgumentParser, path: str, found: dict[str, list[str]]) -> None:
    follow: list[str] = []
    for action in parser._actions:
        follow += [option for option in action.option_strings if option.startswith("--")]
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                follow.append(name)
                _walk(child, f"{path} {name}".strip(), found)
        elif action.choices is not None and not action.option_strings:
            follow += [str(choice) for choice in action.choices]
    found[path] = sorted(set(follow), key=lambda word: (word.startswith("-"), word))


def script(shell: str, known: dict[str, list[str]]) -> str:
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](known)


def _cases(known: dict[str, list[str]], line: str) -> str:
    return "\n".join(line.format(path=path, words=" ".join(follow)) for path, follow in sorted(known.items()))


def _bash(known: dict[str, list[str]]) -> str:
    return f"""\
_answerable() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} path="" word words
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$word" in -*) ;; *) [ "$(wc -w <<< "$path")" -lt 2 ] && path="${{path:+$path }}$word" ;; esac
    done
    while :; do
        case "$path" in
{_cases(known, '            "{path}") words="{words}"; break ;;')}
            *" "*) path=${{path% *}} ;;
            *) words=""; break ;;
        esac
    done
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    [ ${{#COMPREPLY[@]}} -eq 0 ] && COMPREPLY=($(compgen -f -- "$cur"))
}}
complete -o filenames -F _answerable answerable"""


def _zsh(known: dict[str, list[str]]) -> str:
    return f"""\
#compdef answerable
_answerable() {{
    local seen="" word
    local -a found
    for word in ${{words[2,CURRENT-1]}}; do
        [[ $word != -* && ${{#${{(z)seen}}}} -lt 2 ]] && seen="${{seen:+$seen }}$word"
    done
    while true; do
        case "$seen" in
{_cases(known, '            ("{path}") found=({words}); break ;;')}
            (*" "*) seen=${{seen% *}} ;;
            (*) break ;;
        esac
    done
    compadd -a found
    _files
}}
compdef _answerable answerable"""


def _fish(known: dict[str, list[str]]) -> str:
    lines = ["complete -c answerable -f"]
    for path, follow in sorted(known.items()):
        seen = path.split()
        if not seen:
            condition = "__fish_use_subcommand"
        else:
            condition = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in seen)
        for word in follow:
            form = f"-l {word[2:]}" if word.startswith("--") else f"-a {word}"
            lines.append(f'complete -c answerable -n "{condition}" {form}')
    return "\n".join(lines)
