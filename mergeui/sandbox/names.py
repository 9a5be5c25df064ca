"""Made-up people from many places, as a support desk meets them.

Each name stands with its Latin spelling, for e-mail addresses and for the contact that the same
person left in another script. Nobody in particular is meant.
"""

# Lists of words read better in long lines than one a line.
# ruff: noqa: E501

from __future__ import annotations

import random
from dataclasses import dataclass

# script or tongue: given names, family names; "native|latin" where the two differ
_LISTS: dict[str, tuple[str, str]] = {
    "spanish": (
        "María|Maria, José|Jose, Lucía|Lucia, Ramón|Ramon, Inés|Ines, Álvaro|Alvaro, Sofía|Sofia,"
        "Andrés|Andres, Begoña|Begona, Joaquín|Joaquin, Carmen, Mateo",
        "García|Garcia, Núñez|Nunez, Fernández|Fernandez, López|Lopez, Muñoz|Munoz, Pérez|Perez,"
        "Ibáñez|Ibanez, Ortega, Castaño|Castano, Vidal, Rincón|Rincon, Quintana",
    ),
    "german": (
        "Jürgen|Juergen, Käthe|Kaethe, Björn|Bjoern, Anneliese, Götz|Goetz, Sabine, Lukas, Heike,"
        "Matthias, Ulrike, Jörg|Joerg, Franziska",
        "Müller|Mueller, Schröder|Schroeder, Weiß|Weiss, Köhler|Koehler, Vogel, Krämer|Kraemer,"
        "Böhm|Boehm, Lindner, Jäger|Jaeger, Hofmann, Strauß|Strauss, Brandt",
    ),
    "french": (
        "Chloé|Chloe, Éloïse|Eloise, François|Francois, Gaëlle|Gaelle, Noémie|Noemie, Benoît|Benoit,"
        "Zoé|Zoe, Rémi|Remi, Hélène|Helene, Thibault, Margaux, Cédric|Cedric",
        "Lefèvre|Lefevre, Dubois, Gérard|Gerard, Béranger|Beranger, Moreau, Hénault|Henault, Rousseau,"
        "Marchand, Girard, Lacombe, Prévost|Prevost, Fontaine",
    ),
    "english": (
        "Robert, Elizabeth, William, Katherine, Michael, Margaret, James, Susan, Thomas, Rebecca,"
        "Andrew, Victoria, Samuel, Jennifer, Daniel, Abigail",
        "Smith, O'Connor|OConnor, Walker, Bennett, Hughes, Carter-Reed, Foster, Armstrong, Whitfield,"
        "MacLeod, Pemberton, Ashworth, Okafor, D'Souza|DSouza",
    ),
    "polish": (
        "Łukasz|Lukasz, Małgorzata|Malgorzata, Paweł|Pawel, Agnieszka, Wojciech, Żaneta|Zaneta,"
        "Zofia, Michał|Michal, Elżbieta|Elzbieta, Grzegorz",
        "Wójcik|Wojcik, Kowalczyk, Zieliński|Zielinski, Dąbrowska|Dabrowska, Szymański|Szymanski,"
        "Woźniak|Wozniak, Jabłoński|Jablonski, Górska|Gorska",
    ),
    "turkish": (
        "Ayşe|Ayse, Çağla|Cagla, İbrahim|Ibrahim, Gülşen|Gulsen, Ömer|Omer, Şule|Sule, Deniz, Işıl|Isil",
        "Yılmaz|Yilmaz, Öztürk|Ozturk, Çelik|Celik, Şahin|Sahin, Aydın|Aydin, Koç|Koc, Güneş|Gunes",
    ),
    "vietnamese": (
        "Nguyễn Thảo|Thao, Minh Đức|Duc, Hồng Nhung|Nhung, Quốc Bảo|Bao, Thùy Dương|Duong",
        "Trần|Tran, Phạm|Pham, Lê|Le, Võ|Vo, Đặng|Dang, Bùi|Bui",
    ),
    "arabic": (
        "محمد|Mohammed, فاطمة|Fatima, أحمد|Ahmed, ليلى|Layla, يوسف|Youssef, نور|Noor, عمر|Omar,"
        "مريم|Maryam, خالد|Khaled, سارة|Sara",
        "الحسن|Alhassan, العلي|Alali, منصور|Mansour, حداد|Haddad, الخطيب|Alkhatib, نجار|Najjar,"
        "القاسم|Alqasim, سليمان|Suleiman",
    ),
    "hebrew": (
        "יעל|Yael, דוד|David, נועה|Noa, אברהם|Avraham, תמר|Tamar, איתן|Eitan, מיכל|Michal, אורי|Uri",
        "כהן|Cohen, לוי|Levi, מזרחי|Mizrahi, פרץ|Peretz, ביטון|Biton, אדלר|Adler, שפירא|Shapira",
    ),
    "cyrillic": (
        "Анна|Anna, Дмитрий|Dmitry, Ольга|Olga, Сергей|Sergey, Наталья|Natalya, Юрий|Yuri, Олена|Olena,"
        "Тарас|Taras, Екатерина|Ekaterina, Богдан|Bohdan",
        "Иванова|Ivanova, Кузнецов|Kuznetsov, Шевченко|Shevchenko, Соколова|Sokolova, Бондаренко|Bondarenko,"
        "Морозов|Morozov, Ковальчук|Kovalchuk, Лебедева|Lebedeva",
    ),
    "greek": (
        "Ελένη|Eleni, Γιώργος|Giorgos, Δήμητρα|Dimitra, Νίκος|Nikos, Κατερίνα|Katerina, Σπύρος|Spyros",
        "Παπαδόπουλος|Papadopoulos, Νικολάου|Nikolaou, Δημητρίου|Dimitriou, Βασιλείου|Vasileiou,"
        "Αντωνίου|Antoniou, Καραγιάννης|Karagiannis",
    ),
    "chinese": (
        "伟|Wei, 芳|Fang, 秀英|Xiuying, 敏|Min, 静怡|Jingyi, 浩然|Haoran, 雨桐|Yutong, 建国|Jianguo",
        "王|Wang, 李|Li, 张|Zhang, 刘|Liu, 陈|Chen, 欧阳|Ouyang, 赵|Zhao, 黄|Huang",
    ),
    "japanese": (
        "さくら|Sakura, 健太|Kenta, 美咲|Misaki, 翔|Sho, 陽子|Yoko, 大輔|Daisuke, 恵|Megumi, 直樹|Naoki",
        "佐藤|Sato, 鈴木|Suzuki, 高橋|Takahashi, 田中|Tanaka, 渡辺|Watanabe, 小林|Kobayashi, 中村|Nakamura",
    ),
    "korean": (
        "민준|Minjun, 서연|Seoyeon, 지훈|Jihoon, 하은|Haeun, 도윤|Doyun, 수빈|Subin, 예은|Yeeun",
        "김|Kim, 이|Lee, 박|Park, 최|Choi, 정|Jeong, 강|Kang, 조|Cho",
    ),
    "devanagari": (
        "प्रिया|Priya, राहुल|Rahul, अनिता|Anita, विक्रम|Vikram, सुनीता|Sunita, अर्जुन|Arjun, कविता|Kavita",
        "शर्मा|Sharma, पटेल|Patel, सिंह|Singh, गुप्ता|Gupta, वर्मा|Verma, जोशी|Joshi, मिश्रा|Mishra",
    ),
}

FAMILY_FIRST = {"chinese", "japanese", "korean", "vietnamese"}
_UNSPACED = {"chinese", "japanese", "korean"}

NICKNAMES = {
    "Robert": "Bob", "Elizabeth": "Liz", "William": "Bill", "Katherine": "Kate", "Michael": "Mike",
    "Margaret": "Peggy", "James": "Jim", "Susan": "Sue", "Thomas": "Tom", "Rebecca": "Becky",
    "Andrew": "Andy", "Victoria": "Vicky", "Samuel": "Sam", "Jennifer": "Jenny", "Daniel": "Dan",
    "Jose": "Pepe", "Joaquin": "Quino", "Ekaterina": "Katya", "Dmitry": "Dima", "Wojciech": "Wojtek",
    "Matthias": "Matze", "Malgorzata": "Gosia", "Mohammed": "Mo",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A name in its own script and in Latin letters."""

    tongue: str
    given: str
    family: str
    latin_given: str
    latin_family: str

    @property
    def full(self) -> str:
        """The name as its bearer writes it."""
        if self.tongue in FAMILY_FIRST:
            return f"{self.family}{'' if self.tongue in _UNSPACED else ' '}{self.given}"
        return f"{self.given} {self.family}"

    @property
    def latin(self) -> str:
        """The name in Latin letters without accents."""
        return f"{self.latin_given} {self.latin_family}"

    @property
    def address(self) -> str:
        """What stands before the @ of an e-mail address."""
        return f"{self.latin_given}.{self.latin_family}".lower().replace(" ", "")

    def variant(self, pick: random.Random) -> str | None:
        """The name as another form or channel has it: shortened, turned round, or missing."""
        return pick.choice(
            (
                self.full,
                self.full,
                self.latin,
                self.latin,
                None,
                f"{self.latin_given[0]}. {self.family}",
                f"{self.family}, {self.given}",
                f"{NICKNAMES.get(self.latin_given, self.latin_given)} {self.latin_family}",
                self.given,
                self.latin.lower(),
                self.full.upper(),
                f"{self.full} ",
                self.address.replace(".", ""),
            )
        )


def pick_name(pick: random.Random, tongue: str | None = None) -> Name:
    """A name by chance, of the given tongue or of any."""
    tongue = tongue or pick.choices(list(_WORDS), _WEIGHTS)[0]
    given, family = (pick.choice(words) for words in _WORDS[tongue])
    return Name(tongue, given[0], family[0], given[1], family[1])


def _words(text: str) -> list[tuple[str, str]]:
    pairs = (word.strip().partition("|") for word in text.split(","))
    return [(native, latin or native) for native, _, latin in pairs]


_WORDS = {tongue: (_words(given), _words(family)) for tongue, (given, family) in _LISTS.items()}
_WEIGHTS = [3 if tongue in ("spanish", "german", "french", "english") else 1 for tongue in _WORDS]
