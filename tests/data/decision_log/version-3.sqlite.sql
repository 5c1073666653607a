INSERT INTO entry_terms (rowid, statement, why, around, quotes)
VALUES (1, 'we roll out by region ¶ ¶ ¶', 'gross zahlt ¶ ¶ ¶', 'ana ¶ marco ¶ ¶ ¶ ¶ ¶ week call ¶ dec 0001 ¶', '¶ so be it ¶');
INSERT INTO entry_terms (rowid, statement, why, around, quotes)
VALUES (2, 'the old import goe ¶ ¶ ¶', '¶ ¶ ¶', '¶ ¶ ¶ ¶ week call ¶ dec 0002 ¶', '¶ so be it ¶');
INSERT INTO entry_terms (rowid, statement, why, around, quotes)
VALUES (3, '¶ write the plan ¶ ¶', '¶ ¶ ¶', 'ana ¶ ¶ ¶ by friday ¶ week call ¶ act 0001 ¶', '¶ i write the plan ¶');
INSERT INTO entry_terms (rowid, statement, why, around, quotes)
VALUES (4, 'we no longer roll out by region but everywher at onc ¶ ¶ ¶', '¶ ¶ ¶', '¶ ¶ ¶ ¶ week call ¶ dec 0003 ¶', '¶ so be it ¶');
INSERT INTO talk_terms (rowid, said)
VALUES (16777216, 'we roll out by region ¶');
INSERT INTO talk_terms (rowid, said)
VALUES (16777217, 'so be it grosser ist besser ¶');
INSERT INTO talk_terms (rowid, said)
VALUES (33554432, 'everywher at onc ¶');
