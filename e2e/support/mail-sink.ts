import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

export interface Mail {
  readonly to: string;
  readonly headers: string;
  readonly body: string;
}

/** A mail server that keeps what it gets. */
export class MailSink {
  readonly mails: Mail[] = [];
  /** Replies to a recipient instead of taking the mail, the first one first. */
  readonly refusals: { readonly responseCode: number; readonly message: string }[] = [];
  private readonly server: SMTPServer;

  private constructor() {
    this.server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onRcptTo: (_address, _session, answer) => {
        const refusal = this.refusals.shift();
        answer(refusal && Object.assign(new Error(refusal.message), { responseCode: refusal.responseCode }));
      },
      onData: (stream, { envelope }, answer) => {
        void text(stream).then((mail) => {
          const [headers = '', ...body] = mail.split('\r\n\r\n');
          const to = envelope.rcptTo.map(({ address }) => address).join(',');
          // A long header goes on in the next line.
          this.mails.push({ to, headers: headers.replace(/\r\n\s+/g, ' '), body: readable(body.join('\n\n')) });
          answer();
        });
      },
    });
  }

  static async start(): Promise<MailSink> {
    const sink = new MailSink();
    await new Promise<void>((resolve) => void sink.server.listen(0, '127.0.0.1', resolve));
    return sink;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

/** Quoted-printable (RFC 2045, section 6.7) undone. */
function readable(body: string): string {
  const bytes = body
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
