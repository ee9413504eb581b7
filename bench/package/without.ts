import '@nestjs/common';
import '@nestjs/core';
import 'class-validator';
import 'reflect-metadata';

/** The age of a process that has imported what most applications have, in milliseconds. */
process.send!(performance.now(), () => process.exit());
