import { losePackets } from '../../scripts/services/packet-loss.mjs';
import { TcpProxy } from '../../chat-service/src/testing/tcp-proxy.js';

/** A breakable way to what listens at some addresses: one proxy before each. */
export class Line {
  private constructor(private readonly proxies: ReadonlyMap<string, TcpProxy>) {}

  /** Before the servers of these URLs. */
  static async before(urls: readonly string[]): Promise<Line> {
    const proxies = new Map<string, TcpProxy>();
    for (const url of urls) proxies.set(new URL(url).host, await TcpProxy.before(url));
    return new Line(proxies);
  }

  /** `setting` with the proxies in place of the hosts. */
  through(setting: string): string {
    let changed = setting;
    for (const [host, { port }] of this.proxies) changed = changed.replaceAll(host, `127.0.0.1:${port}`);
    return changed;
  }

  /** To the first of its servers only. */
  get toFirst(): Line {
    return new Line(new Map([...this.proxies].slice(0, 1)));
  }

  cut(): void {
    for (const proxy of this.all) proxy.cut();
  }

  async refuse(): Promise<void> {
    await Promise.all(this.all.map((proxy) => proxy.refuse()));
  }

  async restore(): Promise<void> {
    await Promise.all(this.all.map((proxy) => proxy.restore()));
  }

  delay(ms: number): void {
    for (const proxy of this.all) proxy.delay(ms);
  }

  pause(): void {
    for (const proxy of this.all) proxy.pause();
  }

  abandon(): void {
    for (const proxy of this.all) proxy.abandon();
  }

  loseAnswers(loses: boolean): void {
    for (const proxy of this.all) proxy.loseAnswers(loses);
  }

  /** The system itself drops this part of the packets, until the answer is called. */
  losePackets(part: number): () => void {
    const mends = this.all.map(({ port }) => losePackets(port, part));
    return () => {
      for (const mend of mends) mend();
    };
  }

  private get all(): TcpProxy[] {
    return [...this.proxies.values()];
  }
}
