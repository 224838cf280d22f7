/**
 * Keeps the refresh token of a native client. `load` answers what was saved last by anybody who shares the store. A
 * session saves a new token before it uses the access token that came with it; when `save` rejects, the refresh is
 * tried again with the token before.
 */
export interface TokenStore {
  load(): Promise<string | undefined>;
  save(refreshToken: string): Promise<void>;
  clear(): Promise<void>;
}

/** Forgets with the process. */
export class MemoryTokenStore implements TokenStore {
  private token: string | undefined;

  load(): Promise<string | undefined> {
    return Promise.resolve(this.token);
  }

  save(refreshToken: string): Promise<void> {
    this.token = refreshToken;
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.token = undefined;
    return Promise.resolve();
  }
}
