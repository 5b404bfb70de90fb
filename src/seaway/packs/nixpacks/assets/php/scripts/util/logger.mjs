// Lines with a name in front; errors go to standard error.
export class Logger {
    constructor(name) {
        this.name = name;
    }

    info(text) {
        console.log(`[${this.name}] ${text}`);
    }

    warn(text) {
        console.warn(`[${this.name}] warning: ${text}`);
    }

    error(text) {
        console.error(`[${this.name}] error: ${text}`);
    }
}
