import '@nestjs/common';
import '@nestjs/core';
import 'class-validator';
import 'reflect-metadata';
import 'nest-latchkey';

/** The same imports, and ours. */
process.send!(performance.now(), () => process.exit());
