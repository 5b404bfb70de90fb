// A small template language: ${VAR} is a variable, $!{program} the folder in the Nix store that holds a program,
// $if(VAR)(text)else(text) a choice by whether a variable is set; parentheses inside of a text must be balanced.
import { storePath } from "../util/nix.mjs";

const CHOICE = /\$if\s*\((\w+)\)\s*\(/g;
const ELSE = /\s*else\s*\(/y;

/** The position after the parenthesis that closes the one just before `start`. */
function closing(text, start) {
    let depth = 1;
    for (let i = start; i < text.length; i++) {
        if (text[i] === "(") depth++;
        if (text[i] === ")" && --depth === 0) return i + 1;
    }
    throw new Error("a parenthesis of $if is not closed in the nginx template");
}

function choose(text, env) {
    let out = "";
    let at = 0;
    for (;;) {
        CHOICE.lastIndex = at;
        const found = CHOICE.exec(text);
        if (!found) return out + text.slice(at);
        const yesStart = CHOICE.lastIndex;
        let end = closing(text, yesStart);
        const yes = text.slice(yesStart, end - 1);
        let no = "";
        ELSE.lastIndex = end;
        if (ELSE.exec(text)) {
            const noStart = ELSE.lastIndex;
            end = closing(text, noStart);
            no = text.slice(noStart, end - 1);
        }
        out += text.slice(at, found.index) + choose(env[found[1]] ? yes : no, env);
        at = end;
    }
}

/** The template with everything filled in. */
export async function fill(template, env) {
    let text = choose(template, env);
    const programs = new Set([...text.matchAll(/\$!\{([\w-]+)\}/g)].map((match) => match[1]));
    for (const program of programs) {
        text = text.replaceAll(`$!{${program}}`, await storePath(program));
    }
    return text.replace(/\$\{(\w+)\}/g, (_whole, name) => env[name] ?? "");
}
