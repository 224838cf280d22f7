import { LRUCache } from 'lru-cache';
import type { People } from '../identity/people.port.js';

const REMEMBERED = 10_000;
const REMEMBERED_FOR_MS = 10 * 60_000;

/** The logins of administrators, which entries do not carry. */
export class AuthorLogins {
  private readonly known = new LRUCache<string, string>({ max: REMEMBERED, ttl: REMEMBERED_FOR_MS });

  constructor(
    private readonly people: People,
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  /** The display name while the platform does not tell: a live message is not held back for a name. */
  async of(personId: string, displayName: string): Promise<string> {
    const known = this.known.get(personId);
    if (known !== undefined) return known;
    const login = await this.asked(personId);
    if (login !== undefined) this.known.set(personId, login);
    return login ?? displayName;
  }

  private async asked(personId: string): Promise<string | undefined> {
    try {
      return (await this.people.findById(personId))?.login;
    } catch (error) {
      this.onTrouble(error);
      return undefined;
    }
  }
}
