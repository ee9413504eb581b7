/** What the user of the command line is to mend; the message is all that is shown. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  /**
   * @param message what is wrong with which option, and what to do instead.
   * @param exitCode 1: what was looked at is not as it should be. 2, the default: it could not be looked at.
   */
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 2,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
