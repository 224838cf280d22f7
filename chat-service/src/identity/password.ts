import { hash, verify } from '@node-rs/bcrypt';
import { ChatError } from '../chat-error.js';
import type { Warn } from './warn.js';

/** How many checks run at once: each keeps a core busy for about 55 ms at cost 10. */
const AT_ONCE = 2;
/** The longest a check waits for its turn, in milliseconds. */
const LONGEST_WAIT = 2_000;

/** `{id}text`, as Spring's DelegatingPasswordEncoder stores it; without braces it is bare BCrypt. */
const PREFIXED = /^\{([^{}]{0,64})\}(.*)$/s;
/** The form that Spring's BCryptPasswordEncoder accepts, without the long gone `$2$`. */
const BCRYPT = /^\$2[aby]\$\d\d\$[./0-9A-Za-z]{53}$/;

/**
 * Checks passwords against the platform's stored hashes: BCrypt, bare or with Spring's `{bcrypt}` prefix. As in Spring
 * only the first 72 bytes of the UTF-8 text count. Anything else is refused, and the log names the encoding's id only.
 */
export class Passwords {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly nobody: Promise<string>;

  constructor(
    private readonly warn: Warn,
    private readonly longestWait = LONGEST_WAIT,
    /** Counted in tests. */
    private readonly check: (password: string, encoded: string) => Promise<boolean> = verify,
  ) {
    this.nobody = hash('', { cost: 10 });
  }

  /**
   * True when `password` is the one behind `stored`. Without `stored`, or with one it cannot read, it is false after
   * the work of a real check. Throws THROTTLED when its turn does not come within 2 s.
   */
  async matches(password: string, stored: string | undefined): Promise<boolean> {
    const encoded = stored === undefined ? undefined : this.bcryptOf(stored);
    await this.turn();
    try {
      if (encoded !== undefined) return await this.check(password, encoded);
      await this.check(password, await this.nobody);
      return false;
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }

  private bcryptOf(stored: string): string | undefined {
    const prefixed = PREFIXED.exec(stored);
    const encoding = prefixed === null ? 'bcrypt' : (prefixed[1] ?? '');
    const text = prefixed === null ? stored : (prefixed[2] ?? '');
    if (encoding === 'bcrypt' && BCRYPT.test(text)) return text;
    this.warn('A sign-in was refused: the stored password is of an encoding that the chat does not check.', {
      encoding: encoding === 'bcrypt' ? 'not BCrypt' : encoding,
    });
    return undefined;
  }

  private turn(): Promise<void> {
    if (this.running < AT_ONCE) {
      this.running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const start = (): void => {
        clearTimeout(timer);
        this.running += 1;
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(start), 1);
        reject(
          new ChatError('resource-exhausted', 'THROTTLED', 'Many people are signing in. Try again in a few seconds.', {
            retryAfterMs: LONGEST_WAIT,
          }),
        );
      }, this.longestWait);
      this.waiting.push(start);
    });
  }
}
