// Runs one program and gives back what it printed.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

export async function run(program, args = []) {
    const { stdout } = await execute(program, args);
    return stdout.trim();
}
