INSERT INTO entry_terms (id, terms)
VALUES (1, '''0001'':28C ''ana'':16C ''be'':33 ''by'':4A ''call'':25C ''dec'':27C ''gross'':10B ''it'':34 ''marco'':18C ''out'':3A ''region'':5A ''roll'':2A ''so'':32 ''we'':1A ''week'':24C ''zahlt'':11B');
INSERT INTO entry_terms (id, terms)
VALUES (2, '''0002'':21C ''be'':26 ''call'':18C ''dec'':20C ''goe'':4A ''import'':3A ''it'':27 ''old'':2A ''so'':25 ''the'':1A ''week'':17C');
INSERT INTO entry_terms (id, terms)
VALUES (3, '''0001'':23C ''act'':22C ''ana'':12C ''by'':16C ''call'':20C ''friday'':17C ''i'':27 ''plan'':4A,30 ''the'':3A,29 ''week'':19C ''write'':2A,28');
INSERT INTO entry_terms (id, terms)
VALUES (4, '''0003'':28C ''at'':10A ''be'':33 ''but'':8A ''by'':6A ''call'':25C ''dec'':27C ''everywher'':9A ''it'':34 ''longer'':3A ''no'':2A ''onc'':11A ''out'':5A ''region'':7A ''roll'':4A ''so'':32 ''we'':1A ''week'':24C');
INSERT INTO talk_terms (id, terms)
VALUES (16777216, '''by'':4A ''out'':3A ''region'':5A ''roll'':2A ''we'':1A');
INSERT INTO talk_terms (id, terms)
VALUES (16777217, '''be'':2A ''besser'':6A ''grosser'':4A ''ist'':5A ''it'':3A ''so'':1A');
INSERT INTO talk_terms (id, terms)
VALUES (33554432, '''at'':2A ''everywher'':1A ''onc'':3A');
