import { Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import type { Audience } from './caller.js';
import { edgeAudience } from './edge-audience.js';
import type { RefreshCookie } from './refresh-cookie.js';

export type UnaryCall = Pick<ServerUnaryCall<unknown, unknown>, 'sendMetadata'>;

/** How the refresh token of one call travels: never by both ways. */
export interface RefreshCarrier {
  /** The portal that the edge named; undefined for native clients. */
  readonly portal: Audience | undefined;
  /** The token that came; `inMessage` is the request's field. */
  presented(inMessage: string): string | undefined;
  /** Sends the token off. Answers what the response's field holds. */
  hand(token: string): string;
  /** The session is over: nothing is kept for it. */
  forget(): void;
}

/** Behind a portal's edge only as that portal's cookie, elsewhere only in the message. */
export function refreshCarrierOf(metadata: Metadata, call: UnaryCall, cookie: RefreshCookie): RefreshCarrier {
  const portal = edgeAudience(metadata);
  if (portal === undefined) {
    return {
      portal,
      presented: (inMessage) => inMessage || undefined,
      hand: (token) => token,
      forget: () => undefined,
    };
  }
  const send = (setCookie: string): void => {
    const headers = new Metadata();
    headers.set('set-cookie', setCookie);
    call.sendMetadata(headers);
  };
  return {
    portal,
    presented: () => cookie.read(portal, metadata.get('cookie').join('; ')),
    hand: (token) => {
      send(cookie.set(portal, token));
      return '';
    },
    forget: () => send(cookie.clear(portal)),
  };
}
