import type { Audience } from './caller.js';
import { SESSION_IDLE_DAYS } from './sessions.port.js';

/** Cookies do not tell ports apart, so the portals' refresh tokens go by different names. */
const NAMES: Readonly<Record<Audience, string>> = { client: 'chat_client_rt', admin: 'chat_admin_rt' };

/** The browser's copy of a refresh token: out of reach of the page's scripts and of other sites' requests. */
export class RefreshCookie {
  constructor(
    /** COOKIE_SECURE: the portals are served by TLS. */
    private readonly isSecure: boolean,
  ) {}

  /** A `set-cookie` that keeps the token as long as its session may idle. */
  set(audience: Audience, token: string): string {
    return this.write(audience, token, SESSION_IDLE_DAYS * 24 * 3_600);
  }

  /** A `set-cookie` that removes it. */
  clear(audience: Audience): string {
    return this.write(audience, '', 0);
  }

  /** The token in the `cookie` header, or undefined. */
  read(audience: Audience, header: string): string | undefined {
    const prefix = `${NAMES[audience]}=`;
    const pair = header
      .split(';')
      .map((part) => part.trim())
      .find((part) => part.startsWith(prefix));
    return pair?.slice(prefix.length) || undefined;
  }

  private write(audience: Audience, value: string, maxAge: number): string {
    const attributes = ['HttpOnly', 'SameSite=Strict', 'Path=/', `Max-Age=${maxAge}`];
    if (this.isSecure) attributes.push('Secure');
    return [`${NAMES[audience]}=${value}`, ...attributes].join('; ');
  }
}
