import type { Options } from 'amqplib';

/** What amqplib reads of a URL besides its address, by the same names. */
const NUMBERS = ['heartbeat', 'frameMax', 'channelMax', 'maxFrameSize'] as const;

/**
 * The nodes of one RabbitMQ cluster, of which a connection uses one. amqplib reads `target` anew for each of its tries,
 * so that each goes where `current` points then; `next` moves on to the node behind it, round and round.
 */
export class BrokerAddresses {
  private readonly urls: readonly URL[];
  private index = 0;

  constructor(urls: readonly string[]) {
    this.urls = urls.map((url) => new URL(url));
  }

  get count(): number {
    return this.urls.length;
  }

  /** For people: without user and password. */
  get current(): string {
    const { protocol, host, pathname } = this.url;
    return `${protocol}//${host}${pathname}`;
  }

  next(): void {
    this.index = (this.index + 1) % this.urls.length;
  }

  /** @param heartbeatSeconds where the URL names none */
  target(heartbeatSeconds: number): Options.Connect {
    const target = {};
    const read = (name: string, get: () => unknown): void => {
      Object.defineProperty(target, name, { get, enumerable: true });
    };
    read('protocol', () => this.url.protocol.replace(/:$/, ''));
    read('hostname', () => this.url.hostname.replace(/^\[|\]$/g, ''));
    read('port', () => (this.url.port === '' ? undefined : Number(this.url.port)));
    // Undefined both: guest, as for a URL.
    const isAnonymous = (): boolean => this.url.username === '' && this.url.password === '';
    read('username', () => (isAnonymous() ? undefined : decodeURIComponent(this.url.username)));
    read('password', () => (isAnonymous() ? undefined : decodeURIComponent(this.url.password)));
    // It is unescaped by amqplib.
    read('vhost', () => this.url.pathname.slice(1));
    read('locale', () => this.url.searchParams.get('locale') ?? undefined);
    for (const name of NUMBERS) {
      read(name, () => {
        const given = this.url.searchParams.get(name);
        if (given !== null) return Number(given);
        return name === 'heartbeat' ? heartbeatSeconds : undefined;
      });
    }
    return target;
  }

  private get url(): URL {
    const url = this.urls[this.index];
    if (url === undefined) throw new Error('There is no broker to connect to');
    return url;
  }
}
