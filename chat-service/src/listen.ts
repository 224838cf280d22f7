import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from './config.js';

/** Where a `host:port` or `[ipv6]:port` setting points; config.ts has checked its form. */
export function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

/** Begins to listen; answers the port, which differs from the setting's when that is 0. Fails with `listenError`. */
export function listen(server: Server, setting: string, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void => reject(listenError(setting, address, cause));
    server.once('error', failed);
    server.listen(hostAndPort(address), () => {
      server.off('error', failed);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Why `address` cannot be listened on, in words that name the setting and the cure. */
export function listenError(setting: string, address: string, cause: unknown): ConfigError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const cures: [RegExp, string][] = [
    [/EADDRINUSE/, 'is in use by another program: stop it, or choose another port'],
    [/EACCES/, 'may not be used by this account: choose a port above 1023'],
    [/EADDRNOTAVAIL|ENOTFOUND|EAI_AGAIN/, 'is not an address of this machine: 127.0.0.1 and 0.0.0.0 always are'],
  ];
  const cure = cures.find(([sign]) => sign.test(text))?.[1] ?? `cannot be listened on: ${text}`;
  return new ConfigError(`${setting}: ${address} ${cure}`);
}
