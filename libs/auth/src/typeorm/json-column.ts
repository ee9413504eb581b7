import type { ValueTransformer } from 'typeorm';

/** An object as a text: a JSON type would order its members on one database and be a text on another anyway. */
export const jsonColumn: ValueTransformer = {
  to: (value: object) => JSON.stringify(value),
  from: (stored: string) => JSON.parse(stored) as object,
};
