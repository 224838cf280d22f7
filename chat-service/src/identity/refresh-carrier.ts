import type { Audience } from './caller.js';
import { type CallHeaders, edgeAudience } from './edge-audience.js';
import type { RefreshCookie } from './refresh-cookie.js';

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

/**
 * Behind a portal's edge only as that portal's cookie, elsewhere only in the message. `setCookie` sends a `set-cookie`
 * ahead of the answer.
 */
export function refreshCarrierOf(
  headers: CallHeaders,
  setCookie: (cookie: string) => void,
  cookie: RefreshCookie,
): RefreshCarrier {
  const portal = edgeAudience(headers);
  if (portal === undefined) {
    return {
      portal,
      presented: (inMessage) => inMessage || undefined,
      hand: (token) => token,
      forget: () => undefined,
    };
  }
  return {
    portal,
    presented: () => cookie.read(portal, headers.get('cookie').join('; ')),
    hand: (token) => {
      setCookie(cookie.set(portal, token));
      return '';
    },
    forget: () => setCookie(cookie.clear(portal)),
  };
}
