import 'class-validator';
import { Module } from '@nestjs/common';
import { boot } from './boot.js';

@Module({})
class EmptyModule {}

/** An application of nothing but the core, and class-validator, which most have. */
await boot(EmptyModule);
