#!/usr/bin/env node
// Makes nginx's configuration and prepares the app: prestart.mjs TEMPLATE OUTPUT
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { fill } from "./config/template.mjs";
import { isLaravel, warnAboutLaravel } from "./util/laravel.mjs";
import { Logger } from "./util/logger.mjs";
import { run } from "./util/cmd.mjs";

const STORAGE = "/app/storage";
const log = new Logger("prestart");

async function makeWritable(folder) {
    const found = await stat(folder).catch(() => null);
    if (found === null) return;
    await chmod(folder, 0o777);
    await run("chmod", ["-R", "ugo+rwX", folder]);
    log.info(`${folder} is writable for PHP`);
}

async function main([template, output]) {
    if (!template || !output) throw new Error("usage: prestart.mjs TEMPLATE OUTPUT");
    if (isLaravel(process.env)) warnAboutLaravel(process.env);
    await makeWritable(STORAGE).catch((error) => log.warn(`${STORAGE} stays as it is: ${error.message}`));
    const text = await readFile(template, "utf8");
    await writeFile(output, await fill(text, process.env));
    log.info(`the server listens on port ${process.env.PORT}`);
}

main(process.argv.slice(2)).catch((error) => {
    log.error(error.message);
    process.exit(1);
});
