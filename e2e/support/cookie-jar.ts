/** A browser's cookies of one host, which its fetch sends back; and every `set-cookie` that came, as it came. */
export class CookieJar {
  readonly received: string[] = [];
  private readonly cookies = new Map<string, string>();

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    if (this.cookies.size > 0) {
      headers.set('cookie', Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; '));
    }
    const response = await fetch(input, { ...init, headers });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    return response;
  };

  get values(): readonly string[] {
    return [...this.cookies.values()];
  }

  private keep(line: string): void {
    this.received.push(line);
    const [pair = ''] = line.split(';');
    const [name = '', value = ''] = pair.split('=');
    if (/;\s*max-age=0\b/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
