// The folder that holds a program's files: in the Nix store, or one that looks like it on a plain Debian.
import { access, mkdir, realpath, rm, symlink } from "node:fs/promises";
import { run } from "./cmd.mjs";

const IN_STORE = /^(\/nix\/store\/[^/]+)\//;

/** Debian keeps in /etc/nginx what Nix keeps in <store path>/conf. */
async function imitation(program) {
    const settings = `/etc/${program}`;
    await access(settings);
    const folder = `/tmp/store/${program}`;
    await mkdir(folder, { recursive: true });
    await rm(`${folder}/conf`, { force: true });
    await symlink(settings, `${folder}/conf`);
    return folder;
}

export async function storePath(program) {
    const found = await run("sh", ["-c", 'command -v "$0"', program]).catch(() => "");
    if (!found) throw new Error(`${program} is not installed`);
    const match = IN_STORE.exec(await realpath(found));
    return match ? match[1] : imitation(program);
}
