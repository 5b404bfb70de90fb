// What a Laravel app needs in its environment.
import { Logger } from "./logger.mjs";

const log = new Logger("laravel");

const NEEDED = {
    APP_KEY: "sessions and encrypted values fail without it; make one with `php artisan key:generate --show`",
    APP_URL: "links that the app makes will point to localhost",
    APP_ENV: "the app takes itself for the one that its configuration names; set it to production",
};

export function isLaravel(env) {
    return Boolean(env.IS_LARAVEL);
}

export function warnAboutLaravel(env) {
    for (const [name, why] of Object.entries(NEEDED)) {
        if (!env[name]) log.warn(`${name} is not set: ${why}`);
    }
}
