/** A port of 127.0.0.1 that nobody listens on now, outside the range that systems hand out to outgoing connections. */
export function freePort(): Promise<number>;
