import { InjectionToken } from '@angular/core';
import type { Transport } from '@connectrpc/connect';
import { pageTransport } from '@energy-chat/client';

/** The way to the service: gRPC-Web to the page's own origin unless provided otherwise. */
export const CHAT_TRANSPORT = new InjectionToken<Transport>('ChatTransport', {
  providedIn: 'root',
  factory: () => pageTransport(location.origin),
});
