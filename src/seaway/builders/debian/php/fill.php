<?php
// Fills the template of nginx's configuration, as the plan's prestart.mjs does where Node is there: fill.php TEMPLATE
// ${VAR} is a variable, $!{program} the folder with a program's conf, $if(VAR)(text)else(text) a choice.

function closing(string $text, int $start): int {
    $depth = 1;
    for ($at = $start; $at < strlen($text); $at++) {
        if ($text[$at] === '(') $depth++;
        if ($text[$at] === ')' && --$depth === 0) return $at + 1;
    }
    fwrite(STDERR, "a parenthesis of \$if is not closed in the nginx template\n");
    exit(1);
}

function choose(string $text): string {
    $out = '';
    $at = 0;
    while (preg_match('/\$if\s*\((\w+)\)\s*\(/', $text, $found, PREG_OFFSET_CAPTURE, $at)) {
        $begin = $found[0][1] + strlen($found[0][0]);
        $end = closing($text, $begin);
        $yes = substr($text, $begin, $end - 1 - $begin);
        $no = '';
        if (preg_match('/\G\s*else\s*\(/', $text, $else, 0, $end)) {
            $begin = $end + strlen($else[0]);
            $end = closing($text, $begin);
            $no = substr($text, $begin, $end - 1 - $begin);
        }
        $value = getenv($found[1][0]);
        $out .= substr($text, $at, $found[0][1] - $at) . choose($value === false || $value === '' ? $no : $yes);
        $at = $end;
    }
    return $out . substr($text, $at);
}

$text = choose(file_get_contents($argv[1]));
$text = preg_replace('/\$!\{[\w-]+\}/', '/opt/seaway', $text);
$text = preg_replace_callback('/\$\{(\w+)\}/', fn($name) => getenv($name[1]) ?: '', $text);
echo preg_replace('/^\s*(user|pid)\s[^;]*;/m', '', $text);
