import type { Interceptor, Transport } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import type { CookieJar } from './cookie-jar.js';
import type { Replica } from './replica.js';

/** A way to the service; `connect` opens a connection of its own. */
export interface Way {
  readonly name: string;
  connect(...interceptors: Interceptor[]): { readonly transport: Transport; close(): void };
}

/** gRPC over HTTP/2, as native clients speak. */
export function nativeWay({ name, address }: Pick<Replica, 'name' | 'address'>): Way {
  return {
    name,
    connect(...interceptors) {
      const baseUrl = `http://${address}`;
      const sessionManager = new Http2SessionManager(baseUrl);
      const transport = createGrpcTransport({ baseUrl, sessionManager, interceptors });
      return { transport, close: () => sessionManager.abort() };
    },
  };
}

/** gRPC-Web by fetch, as browsers speak to a portal's edge; the jar is the browser's. */
export function webWay(name: string, address: string, jar: CookieJar): Way {
  return {
    name,
    connect(...interceptors) {
      const transport = createGrpcWebTransport({ baseUrl: `http://${address}`, fetch: jar.fetch, interceptors });
      return { transport, close: () => undefined };
    },
  };
}
