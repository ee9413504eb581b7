import { createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';

/** The injection token of the key. */
export const FORM_KEY = Symbol('form key');

/** What the forms of a session send along in a hidden field: nobody but its own pages can know it. */
@Injectable()
export class FormProof {
  constructor(@Inject(FORM_KEY) private readonly key: Uint8Array) {}

  /** @param sid of the session; the value is the same for as long as it lives. */
  of(sid: string): string {
    return createHmac('sha256', this.key).update(sid).digest('base64url');
  }

  isOf(sid: string, value: unknown): boolean {
    const [expected, given] = [this.of(sid), typeof value === 'string' ? value : ''].map((text) => Buffer.from(text));
    return expected!.length === given!.length && timingSafeEqual(expected!, given!);
  }
}
