import { InjectionToken } from '@angular/core';
import type { Transport } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';

/** The way to the service: gRPC-Web to the page's own origin unless provided otherwise. */
export const CHAT_TRANSPORT = new InjectionToken<Transport>('ChatTransport', {
  providedIn: 'root',
  factory: () => createGrpcWebTransport({ baseUrl: location.origin }),
});
