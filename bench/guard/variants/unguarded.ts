import { Controller, Get, Module } from '@nestjs/common';
import { subject } from '../tokens.js';

@Controller('notes')
class NotesController {
  @Get()
  list(): { sub: string } {
    return { sub: subject };
  }
}

/** The route without a guard: what the framework itself costs. */
@Module({ controllers: [NotesController] })
export class UnguardedModule {}
