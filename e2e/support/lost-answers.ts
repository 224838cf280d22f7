import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';

/** A lift: the request arrives and is done, and the answer never comes back. */
export class LostAnswers {
  /** How many answers have been lost. */
  lost = 0;

  /** Loses the first `count` answers to `method`. */
  constructor(
    private readonly method: string,
    private readonly count: number,
  ) {}

  readonly interceptor: Interceptor = (next) => async (request) => {
    const response = await next(request);
    if (request.method.name !== this.method || this.lost >= this.count) return response;
    this.lost += 1;
    throw new ConnectError('The connection was lost.', Code.Unavailable);
  };
}
